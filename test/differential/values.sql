-- Reading, writing and computing with values: literals and the positions of their errors, settings that change how values read.
select 7::int4 % 4, 7::smallint % 4::smallint
select -('-9223372036854775808'::int8)
select -('-32768'::int2)
select -('-2147483648'::int4)
create table reads (a int, b timestamptz, c interval, d numeric(5,2), e uuid, f float4)
insert into reads (a) values ('34.5')
insert into reads (a, b) values (1, 'yesterday noon or so')
insert into reads (c) values ('3 fortnights')
insert into reads (e) values ('{12}')
insert into reads (f) values ('10e70')
update reads set a = 'x' where a = 1
select * from reads where a = 'x'
select '100000000000 y'::interval
select timestamptz 'x'
select timestamptz '2000-03-15 08:14:01 GMT+8', timestamptz '2000-03-15 13:14:02 EST-3'
set timezone = 'Nowhere/Foo'
set datestyle = 'bad, ymd'
set datestyle = 'german'
show datestyle
select timestamptz '2000-03-15 08:14:01+03', date '2000-03-15'
set datestyle = 'ISO, MDY'
set time zone -7
show timezone
select timestamptz '2000-03-15 08:14:01Z'
set time zone interval '-03:30' hour to minute
show timezone
set timezone = 'europe/berlin'
show timezone
set timezone = 'UTC'
select length((10::numeric ^ 131071)::text)
select lcm(9999 * (10::numeric)^131068 + (10::numeric^131068 - 1), 2)
select round(((1 - 1.500012345678e-1000) ^ 1.45e1003) * 1e1000)
select 1.0000001 ^ 20000000, (-1.02) ^ 421, 12.3 ^ (-200), 0.9999999 ^ 1000000000
select 1.01 ^ 2147483647
select exp(6001.0)
create type reads_one as (a int)
select * from json_populate_record(null::reads_one, '{"a": 1}')
create function reads_table(int) returns table(a int) language sql as 'select $1'
select reads_table(37)
select * from reads_table(37) q
select * from json_populate_recordset(row(0::int, 0::int), '[{"a":"1","b":"2"}]') q (a text, b text)
select * from json_populate_recordset(row(0::int, 0::int, 0::int), '[{"a":"1"}]') q (a text, b text)
