-- A module that few calls need: its functions are made when the first of them is asked for. Making one
-- costs as much as a hundred steps, and each call makes them anew.
local function later(make)
  return setmetatable({}, {
    __index = function(module, name)
      setmetatable(module, nil)
      make(module)
      return module[name]
    end,
  })
end
