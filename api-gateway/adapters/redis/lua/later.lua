-- A module that few calls need: its functions are made when the first of them is asked for. Making one
-- costs as much as a hundred steps, and each call makes them anew.
local LATER = {
  __index = function(module, name)
    local make = module[1]
    module[1] = nil
    setmetatable(module, nil)
    make(module)
    return module[name]
  end,
}
local function later(make) return setmetatable({ make }, LATER) end
