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
-- Parts of columns as targets; JSON paths; calls by parameter name; network addresses.
create table parts (id int, a int[], m int[][], j jsonb, t text[])
insert into parts values (1, '{1,2,3}', '{{1,2},{3,4}}', '{"a":{"b":1}}', null)
update parts set a[2] = 20 returning a
update parts set a[6] = 60 returning a
update parts set a[-1] = 0 returning a
update parts set a[0:1] = array[7,8] returning a
update parts set m[1][2] = 9 returning m
update parts set m[3][1] = 9 returning m
update parts set m[1:2][1:1] = '{5,6}' returning m
update parts set t[2] = 'x', t[3] = 'y' returning t
update parts set t[1:] = '{}' returning t
update parts set j['a']['c'] = '[1]' returning j
update parts set j['a']['c'][3] = '"z"', j['n'] = '5' returning j
update parts set j['n']['x'] = '5' returning j
update parts set j['a']['c']['q'] = '5'
update parts set a[null] = 1
update parts set a[1][1] = 1
update parts set a['x'] = 1
update parts set id[1] = 1
update parts set a[1] = 'x'
update parts set a = '{1}', a[1] = 2
create type pt as (x int, y int[])
create table comp (p pt, ps pt[])
insert into comp values (row(1, '{1,2}'), array[row(1,null)::pt])
update comp set p.y[2] = 9, ps[1].x = 5, ps[2] = row(3, '{4}') returning p::text, ps::text
select '$.a.b[*] ? (@ > 1 && @.c starts with "x")'::jsonpath
select 'strict $.**{2 to last}.keyvalue()'::jsonpath, '$.a[1, 2 to last].size() + -3'::jsonpath
select '$.a like_regex "^x" flag "qi"'::jsonpath
select '$..a'::jsonpath
select '$ ? (@.a'::jsonpath
select jsonb_path_query('{"a":[1,2,{"b":"xyz"}]}', '$.** ? (@ like_regex "^X" flag "i")')
select jsonb_path_query('{"a":[1,2,{"b":"xyz"}]}', '$.**{2}')
select jsonb_path_query('{"a":1,"b":[2]}', '$.keyvalue()')
select jsonb_path_query('[1,"x"]', 'strict $[*].double()')
select jsonb_path_query('[1,"2"]', '$[*].double() + 1')
select jsonb_path_query('{"a":1}', 'strict $.b')
select jsonb_path_query(target => '{"a":[1,2]}', path => '$.a[*] ? (@ > $x)', vars => '{"x":1}')
select jsonb_set(jsonb_in => '{"a":1}', path => '{a}', replacement => '2')
select parse_ident('foo.boo[]', strict => false)
select make_interval(hours => 2, days => 1), make_date(day => 3, month => 2, year => 2001)
select inet '192.168.1.5/24', cidr '10', cidr '192.168.1', inet '::ffff:1.2.3.4', inet '10:23::8000/113', cidr '10:23::f1'
select cidr '192.168.1.5/24'
select inet '1.2.3'
select host('192.168.1.5/24'), text(inet '192.168.1.5'), abbrev(cidr '10.1.0.0/16'), family('::1'), masklen('192.168.1.5/24'), network('192.168.1.5/24'), broadcast('192.168.1.5/24'), netmask('192.168.1.5/24'), hostmask('192.168.1.5/24')
select inet '192.168.1.5' << inet '192.168.1/24', inet '192.168.1/24' >>= inet '192.168.1/24', inet '192.168.1/24' && inet '192.168.1.80/28'
select inet '192.168.1.43' - 100, inet '10.0.0.1' + 5, inet '10.0.0.8' - inet '10.0.0.1', ~inet '192.168.1.6', inet '192.168.1.6' & inet '0.0.0.255'
create table nets (n inet, c cidr)
insert into nets values ('10.0.0.9', '10.0.0.0/8'), ('9.1.1.1', '9/8'), ('::1', '::1/128'), ('10.0.0.0/8', '10.0.0.0/16'), ('100.0.0.1', '100/8')
select n from nets order by n
select c from nets order by c desc
create index on nets (n)
select n from nets where n > '9.2.0.0' and n < '11.0.0.0' order by 1
select set_masklen('192.168.1.5/24', 16), set_masklen(cidr '192.168.1.0/24', 16), inet_merge('192.168.1.5/24', '192.168.2.5/24'), max(n), min(n) from nets
select count(*) from nets a join nets b on a.n = b.n
select '1.2.3.4'::text::inet, 'x'::text::inet
-- Regular expressions whose naive matching would take hours; references to groups that took no part.
select repeat('a', 50000) || 'b' ~ '^(a+)+$', repeat('word ', 10000) || '!' ~ '^(\w+\s?)+$', repeat('aA', 20000) ~* '(a|aa)+b'
select repeat('x', 100000) ~ 'x.*x.*y', length(regexp_replace(repeat('a  b ', 20000), '\s+', '', 'g'))
select 'abcdef' ~ '^(.)\1|\1.', 'xxx' ~ '(.){0}(\1)', 'abab' ~ '^(ab)\1$'
create table limited (f char(5)[], v varchar(3)[], n numeric(4,1)[])
insert into limited values ('{"too long"}', null, null)
insert into limited values (null, '{abcd}', null)
insert into limited values ('{a,bc}', '{abc,d}', '{1.25,7}') returning *
insert into limited values (null, null, '{12345}')
-- Halves of surrogate pairs; format() with widths; patterns of substring.
select E'wrong: \udb99'
select E'wrong: \udb99xy'
select E'wrong: \udb99\u0061'
select E'wrong: \udc00'
select E'\ud83d\ude00', U&'\d83d\de00', U&'\+01F600'
select U&'wrong: \db99'
select U&'wrong: \db99xy'
select U&'wrong: \db99\0061'
select U&'wrong: \de00'
select format('>>%*1$s<<', 10, 'Hello'), format('>>%2$*1$L<<', -10, 'Hello'), format('>>%*s<<', 10, 'Hello')
select format('%*0$s', 'Hello')
select substring('abcdefg' similar 'a*#"%#"g*' escape '#'), substring('abcdefg' similar '%#"c%e#"%' escape '#')
select substring('abcdefg' similar 'a*#"%#"g*#"x' escape '#')
select substring('abc', 2, -1)
select regexp_substr('abcabcabc', 'a.c', 1, 1, '', -1)
select regexp_instr('abcabcabc', 'a.c', 1, 1, 0, '', -1)
select round(4.5e131071, -131071) = 5e131071, round(4.5e131071, -131072), trunc(9.9e131071, -131071) = 9e131071, round(5e-16383, 16382) = 1e-16382, round(1.5, 1000000)
select ('abc'::name)[0], ('abc'::name)[2], pg_typeof(('abc'::name)[1]), ('_x'::name)[0] = '_'
select coalesce('abc'::varchar(3), '0123456789'), case when false then 'x'::char(3) else '0123456789' end;
create table tt1 as select * from (values ('abc'::varchar(3), '0123456789', 42, 'abcd'::varchar(4)), ('0123456789', 'abc'::varchar(3), 42.12, 'abc'::varchar(4))) vv(a,b,c,d);
select * from tt1;
select 'ab'::varchar(2) union all select 'longer';
select 1.25::numeric(3,1) union all select '9.876' order by 1;
values (1.25::numeric(3,1)), (9.876), (null);
select '11'::bit(2) || '0'::varbit, pg_typeof('11'::bit(2) || '0');
create table itm (a int generated always as identity, b text);
merge into itm t using (select 10 as s_a, 'm' as s_b) s on t.a = s.s_a when not matched then insert (a, b) values (s.s_a, s.s_b);
merge into itm t using (select 20 as s_a, 'm' as s_b) s on t.a = s.s_a when not matched then insert (a, b) overriding user value values (s.s_a, s.s_b);
merge into itm t using (select 30 as s_a, 'm' as s_b) s on t.a = s.s_a when not matched then insert (a, b) overriding system value values (s.s_a, s.s_b);
select * from itm order by a;
create table itm2 (a int generated by default as identity, b text);
merge into itm2 t using (select 20 as s_a, 'm' as s_b) s on t.a = s.s_a when not matched then insert (a, b) overriding user value values (s.s_a, s.s_b);
merge into itm2 t using (select 20 as s_a, 'm' as s_b) s on t.a = s.s_a when not matched then insert (a, b) values (s.s_a, s.s_b);
select * from itm2 order by a;
select 'abc' = 'ab'::varchar(2), 'ab'::varchar(2) = 'abc', 'ab'::varchar(2) in ('abc', 'abd'), 'ab'::varchar(2) between 'a' and 'abc', 'ab'::char(2) = 'ab  x', 1.2::numeric(2,1) = '1.23', 1.2::numeric(2,1) in ('1.23'), '11'::bit(2) = '110', 'ab'::varchar(2) is distinct from 'abc', case 'ab'::varchar(2) when 'abc' then 1 else 2 end, 'ab'::varchar(2) = any ('{abc}'), '2020-01-01 10:00:00.5'::timestamp(0) = '2020-01-01 10:00:01.4';
create table lit (a varchar(2), b numeric(3,1), c char(2), d timestamp(0));
insert into lit values ('ab', 1.2, 'x', '2020-01-01 10:00:01');
select count(*) from lit where a = 'abc'; select count(*) from lit where a in ('abc', 'abd'); select count(*) from lit where b = '1.23'; select count(*) from lit where d = '2020-01-01 10:00:01.4'; select count(*) from lit where a like 'abc'; select count(*) from lit where c = 'x y';
prepare lp as select count(*) from lit where a = $1; 
execute lp('abc');
select nullif('longer', 'ab'::varchar(2)) || ''
