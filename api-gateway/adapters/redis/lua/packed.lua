-- How values are packed into one field of an auction's hash, for `struct`: numbers, each a double in
-- eight bytes, then texts, each with a zero behind it. auction.lua says what they are. MessagePack
-- takes five times as long to write, because it makes a Lua string of each value first.

local PACKED = { conditions = '<dddddddddss', standing = '<ddddddddddddsss', bidder = '<dddd' }
