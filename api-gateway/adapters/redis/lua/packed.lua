-- How values are packed into one field of an auction's hash or a sale's, for `struct`: numbers, each a double in
-- eight bytes, then texts, each with a zero behind it. auction.lua and sale.lua say what they are. MessagePack
-- takes five times as long to write, because it makes a Lua string of each value first.

local PACKED = {
  conditions = '<dddddddddss', standing = '<ddddddddddddsss', bidder = '<dddd', sale = '<dsdddddddsss',
  member = '<ddds',
}
