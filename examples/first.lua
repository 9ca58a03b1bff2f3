-- first.lua - a database from LuaJIT, through declarations cut from the headers; no binding in between.
--
--     tools/gen_abi.py --cdef takeo.cdef
--     luajit first.lua takeo.cdef libtakeo.so sqlite:///first.db
local ffi = require("ffi")
local file = assert(io.open(arg[1]))
ffi.cdef(file:read("*a"))
file:close()
local C = ffi.load(arg[2])
local err = ffi.new("takeo_error *[1]")

local function fail(status, record)
  error(ffi.string(record ~= nil and record.message.data or C.takeo_status_name(status)), 0)
end
local function make(kind, call, free) -- an out-parameter, freed with its garbage
  local out = ffi.new(kind .. " *[1]")
  local status = call(out)
  if status < 0 then fail(status, err[0]) end
  return ffi.gc(out[0], free)
end
local function cell(value) -- a number or a text
  if type(value) == "number" then return {type = C.TAKEO_TYPE_INT64, v = {i = value}} end
  return {type = C.TAKEO_TYPE_TEXT, v = {text = {data = value, len = #value}}}
end
local function text(cell) -- any value as text
  local buffer = ffi.new("char[256]")
  return ffi.string(buffer, math.min(tonumber(C.takeo_cell_format(cell, buffer, 256)), 255))
end

local options = ffi.new("takeo_source_options", {struct_size = ffi.sizeof("takeo_source_options"), url = arg[3] or os.getenv("TAKEO_DATABASE_URL")})
local source = make("takeo_source", function(out) return C.takeo_source_open(nil, options, out, err) end, C.takeo_source_close)
local op = make("takeo_op", function(out) return C.takeo_op_new(C.takeo_source_session(source), out, err) end, C.takeo_op_free)

local function run(sql, ...) -- the rows, as tables of texts
  local statement = make("takeo_statement", function(out) return C.takeo_statement_sql(nil, sql, #sql, out, err) end, C.takeo_statement_free)
  local given, found = {...}, {}
  local arguments = ffi.new("takeo_cell[?]", #given + 1)
  for i, value in ipairs(given) do arguments[i - 1] = cell(value) end
  local status = C.takeo_statement_run(op, statement, nil, arguments, #given)
  while status >= 0 do
    status = C.takeo_op_wait(op, -1)
    if status == C.TAKEO_DONE then return found end
    local rows = status == C.TAKEO_ROWS and C.takeo_rows_peek(op) or {row_count = 0}
    for r = 0, rows.row_count - 1 do
      found[r + 1] = {}
      for c = 0, rows.column_count - 1 do found[r + 1][c + 1] = text(rows.cells + (r * rows.column_count + c)) end
    end
  end
  fail(status, C.takeo_op_error(op))
end

run("create table if not exists airports (icao text primary key, name text, elevation integer)")
run("delete from airports")
for icao, airport in pairs({LFLL = {"Lyon", 821}, SPJL = {"Juliaca", 12552}, ZUDC = {"Daocheng", 14472}}) do
  run("insert into airports values ({}, {}, {})", icao, airport[1], airport[2])
end
for _, row in ipairs(run("select icao, name, elevation from airports where elevation > {} order by elevation desc", 1000)) do
  print(row[1], row[2], row[3] .. " feet")
end
assert(run("select count(*) from airports")[1][1] == "3")
local ok, message = pcall(run, "insert into airports values ({}, {}, {})", "LFLL", "again", 0)
assert(not ok)
print(message)
