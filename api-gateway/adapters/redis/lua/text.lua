-- Text the script writes: JSON strings, money and times. cjson.encode is not used anywhere, because
-- it keeps 14 digits of a number and escapes slashes; every byte of an event is decided here.

-- Callers hand in printable ASCII only (validated in TypeScript): quotes and backslashes suffice.
local function json_string(text)
  return '"' .. string.gsub(text, '[\\"]', '\\%0') .. '"'
end

local known_digits = {} -- a bid names each of its few numbers several times

-- `number` is a whole number below 2^53; tostring would turn large ones into 1e+15.
local function digits(number)
  local text = known_digits[number]
  if not text then
    text = string.format('%d', number)
    known_digits[number] = text
  end
  return text
end

-- Milliseconds since 1970 to ISO 8601 UTC; days to a date by Howard Hinnant's civil_from_days.
local function iso(ms)
  local seconds = math.floor(ms / 1000)
  local days = math.floor(seconds / 86400)
  local in_day = seconds - days * 86400
  local z = days + 719468
  local era = math.floor(z / 146097)
  local day_of_era = z - era * 146097
  local year_of_era = math.floor((day_of_era - math.floor(day_of_era / 1460)
    + math.floor(day_of_era / 36524) - math.floor(day_of_era / 146096)) / 365)
  local day_of_year = day_of_era
    - (365 * year_of_era + math.floor(year_of_era / 4) - math.floor(year_of_era / 100))
  local shifted_month = math.floor((5 * day_of_year + 2) / 153)
  local day = day_of_year - math.floor((153 * shifted_month + 2) / 5) + 1
  local month = shifted_month < 10 and shifted_month + 3 or shifted_month - 9
  local year = year_of_era + era * 400 + (month <= 2 and 1 or 0)
  return string.format('%04d-%02d-%02dT%02d:%02d:%02d.%03dZ', year, month, day,
    math.floor(in_day / 3600), math.floor(in_day / 60) % 60, in_day % 60, ms - seconds * 1000)
end

local known_times = {} -- a call names the same few times again and again

local function iso_of(ms)
  local text = known_times[ms]
  if not text then
    text = iso(ms)
    known_times[ms] = text
  end
  return text
end
