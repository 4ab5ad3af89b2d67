-- Queries of views as text: pg_get_viewdef, with all parentheses and with only those needed.
create schema app
set search_path = app, public
create type app.mood as enum ('sad', 'ok', 'happy')
create table dept (id int primary key, name text not null unique, budget numeric(12,2) default 0 check (budget >= 0))
create table emp (id serial primary key, dept_id int references dept(id), boss int references emp(id), name varchar(50) not null default 'x', code char(3), salary numeric(12,2), ts timestamptz default now(), j jsonb default '{}', m mood default 'ok', arr int[], flag boolean default true)
create table ref2 (a int, b int, c int, primary key (a, b))
create table refs (x int, y int, z int default 5)
create sequence s1
create function f1(a int) returns int language sql as 'select a*2'
create view v_simple as select id, name from dept
create view v_join as select e.id, e.name, d.name as dept, e.salary * 2 as twice from emp e join dept d on d.id = e.dept_id where e.salary > 100 and d.name like 'E%' order by e.name desc limit 10
create view v_group as select d.name, count(*) as n, sum(e.salary) as total, avg(e.salary) filter (where e.flag) from dept d left join emp e on e.dept_id = d.id group by d.name having count(*) > 1
create view v_union as select id from dept union all select id from emp union select a from ref2
create view v_cte as with x as (select id, name from dept where id > 1), y as (select * from x) select * from y
create view w01 as select distinct name from dept
create view w02 as select distinct on (dept_id) dept_id, name from emp order by dept_id, salary desc nulls last
create view w03 as select a.id, b.id as bid from emp a, emp b where a.boss = b.id and a.id between 1 and 5
create view w05 as select * from dept natural left join ref2
create view w06 as select * from (select id, name from dept) q(x, y) where x > 1 or y is null
create view w07 as values (1,'a'), (2,'b')
create view w08 as select * from (values (1,'a'),(2,'b')) v(n, t)
create view w09 as select g, g * 2 as d from generate_series(1, 10) g
create view w10 as select n, o from unnest(array['a','b']) with ordinality as u(n, o)
create view w11 as with recursive t(n) as (select 1 union all select n + 1 from t where n < 10) select n from t
create view w12 as select id from dept where id not in (select dept_id from emp where dept_id is not null)
create view w13 as select id from dept where id = any (select dept_id from emp) or id > all (select boss from emp)
create view w14 as select array(select id from dept order by id) as ids, (select max(id) from dept) as m
create view w15 as select id from dept union (select id from emp order by id limit 3) intersect select a from ref2
create view w16 as select id from dept except select a from ref2 order by 1 desc limit 5 offset 2
create view w17 as select dept_id, flag, count(distinct name), string_agg(name, ', ' order by name desc), grouping(dept_id) from emp group by rollup (dept_id, flag)
create view w18 as select dept_id, count(*) from emp group by grouping sets ((dept_id, flag), (dept_id), ())
create view w19 as select percentile_cont(0.5) within group (order by salary) as med, mode() within group (order by name) from emp
create view w20 as select name::text || '-' || id::varchar as t, salary::int, 'lit' as lit, null as nul, 1.5 as d, -3 as neg, true as yes from emp
create view w21 as select extract(year from ts) as y, ts at time zone 'UTC' as u, date_trunc('day', ts), now() as n, current_date as cd from emp
create view w22 as select j -> 'a' as a, j ->> 'b' as b, arr[1] as first, arr[1:2] as sl, m = 'ok' as good, m from emp
create view w23 as select lag(name, 1) over (partition by dept_id order by id) as l, row_number() over () as rn, sum(salary) over (order by id rows between 2 preceding and current row) as s from emp
create view w24 as select case when salary > 10 then case name when 'Ann' then 1 when 'Bob' then 2 end else 0 end as n, greatest(id, 3), least(1, id) from emp
create view w25 as select d.id, x.c from dept d left join lateral (select count(*) as c from emp e where e.dept_id = d.id) x on true
create view w26 as select d.* from dept d where exists (select 1 from dept d where d.id = 2) and not exists (select from emp where dept_id = d.id)
create view w27(a, b) as select id, name from dept
create view w28 as select v.id, v.name from v_simple v join app.dept on dept.id = v.id
create view w29 as select name ilike 'a%' as i, name not like 'b%' as nl, name ~ 'x' as re, name similar to 'a|b' as si, name in ('a','b') as inn, id in (1,2,3) as ii, id not in (1,2) as ni from dept
create view w30 as select name is distinct from 'x' as di, name is not distinct from 'x' as ndi, flag is true as it, flag is not false as nf, not flag as nn from emp
create view w31 as select count(*) filter (where salary > 5) as c, array_agg(id order by id) as a, bool_or(flag), json_agg(name) from emp having count(*) > 1
create view w32 as select id as "Id", name as "select", id + 1 from dept where (id > 1 and id < 10) or (id = 20 and name <> '') order by 2, id + 1
create view w34 as select substring(name, 1, 2) as s, position('a' in name) as p, trim(both 'x' from name) as t, upper(name), overlay(name placing 'x' from 1) as o, coalesce(name, 'x', code) as c from emp
create view w35 as select id, interval '1 day' as i, date '2020-01-01' as d, timestamp '2020-01-01 10:00' as t, '{1,2}'::int[] as arr, array[1,2] as a2, 'ok'::mood as md, 5::smallint as sm, 7::bigint as bg, 2.5::float8 as fl from dept
create view w36 as select t.id from dept t where t.id in (select e.dept_id from emp e where e.id in (select id from dept where dept.id = t.id))
create view w37 as select e.id from emp e full join dept d on e.dept_id = d.id cross join ref2 r right join refs on refs.x = r.a
create view w38 as select id from emp for update
create view w39 as select nextval('s1') as n, app.f1(id) as f, app.f1(id) + 1 from dept
create view w40 as select (select name from dept where id = e.dept_id limit 1) as dn, salary * (1 + 0.2) - id / 2 % 3 as calc, -salary as neg, (id + 1) * 2 as m2, id + 1 - 2 as s2, id - (1 - 2) as s3 from emp e
create view w41 as with a as materialized (select 1 as x), b as (select x from a union all select 2) select a.x, b.x as y from a, b where a.x = b.x
create view w44 as select sum(salary) over w, avg(salary) over (w rows between unbounded preceding and unbounded following) from emp window w as (partition by dept_id order by id desc)
create view w45 as select dept_id, sum(salary) * 2 as ds, max(lower(name)) from emp where salary > 0 group by dept_id, lower(name) having sum(salary) > 10 order by sum(salary), 1
create view w46 as select * from information_schema.tables
create view w47 as select unnest(arr) as u, generate_series(1, id) from emp
create view w48 as (select id from dept) union all (select id from emp) order by id
create view w49 as select id::text from dept union select name from dept
create view w50 as table dept
select pg_get_viewdef('v_simple'::regclass) as d, pg_get_viewdef('v_simple'::regclass, true) as p, pg_get_viewdef('v_simple'::regclass, 60) as w
select pg_get_viewdef('v_join'::regclass) as d, pg_get_viewdef('v_join'::regclass, true) as p, pg_get_viewdef('v_join'::regclass, 60) as w
select pg_get_viewdef('v_group'::regclass) as d, pg_get_viewdef('v_group'::regclass, true) as p, pg_get_viewdef('v_group'::regclass, 60) as w
select pg_get_viewdef('v_union'::regclass) as d, pg_get_viewdef('v_union'::regclass, true) as p, pg_get_viewdef('v_union'::regclass, 60) as w
select pg_get_viewdef('v_cte'::regclass) as d, pg_get_viewdef('v_cte'::regclass, true) as p, pg_get_viewdef('v_cte'::regclass, 60) as w
select pg_get_viewdef('w01'::regclass) as d, pg_get_viewdef('w01'::regclass, true) as p, pg_get_viewdef('w01'::regclass, 60) as w
select pg_get_viewdef('w02'::regclass) as d, pg_get_viewdef('w02'::regclass, true) as p, pg_get_viewdef('w02'::regclass, 60) as w
select pg_get_viewdef('w03'::regclass) as d, pg_get_viewdef('w03'::regclass, true) as p, pg_get_viewdef('w03'::regclass, 60) as w
select pg_get_viewdef('w05'::regclass) as d, pg_get_viewdef('w05'::regclass, true) as p, pg_get_viewdef('w05'::regclass, 60) as w
select pg_get_viewdef('w06'::regclass) as d, pg_get_viewdef('w06'::regclass, true) as p, pg_get_viewdef('w06'::regclass, 60) as w
select pg_get_viewdef('w07'::regclass) as d, pg_get_viewdef('w07'::regclass, true) as p, pg_get_viewdef('w07'::regclass, 60) as w
select pg_get_viewdef('w08'::regclass) as d, pg_get_viewdef('w08'::regclass, true) as p, pg_get_viewdef('w08'::regclass, 60) as w
select pg_get_viewdef('w09'::regclass) as d, pg_get_viewdef('w09'::regclass, true) as p, pg_get_viewdef('w09'::regclass, 60) as w
select pg_get_viewdef('w10'::regclass) as d, pg_get_viewdef('w10'::regclass, true) as p, pg_get_viewdef('w10'::regclass, 60) as w
select pg_get_viewdef('w11'::regclass) as d, pg_get_viewdef('w11'::regclass, true) as p, pg_get_viewdef('w11'::regclass, 60) as w
select pg_get_viewdef('w12'::regclass) as d, pg_get_viewdef('w12'::regclass, true) as p, pg_get_viewdef('w12'::regclass, 60) as w
select pg_get_viewdef('w13'::regclass) as d, pg_get_viewdef('w13'::regclass, true) as p, pg_get_viewdef('w13'::regclass, 60) as w
select pg_get_viewdef('w14'::regclass) as d, pg_get_viewdef('w14'::regclass, true) as p, pg_get_viewdef('w14'::regclass, 60) as w
select pg_get_viewdef('w15'::regclass) as d, pg_get_viewdef('w15'::regclass, true) as p, pg_get_viewdef('w15'::regclass, 60) as w
select pg_get_viewdef('w16'::regclass) as d, pg_get_viewdef('w16'::regclass, true) as p, pg_get_viewdef('w16'::regclass, 60) as w
select pg_get_viewdef('w17'::regclass) as d, pg_get_viewdef('w17'::regclass, true) as p, pg_get_viewdef('w17'::regclass, 60) as w
select pg_get_viewdef('w18'::regclass) as d, pg_get_viewdef('w18'::regclass, true) as p, pg_get_viewdef('w18'::regclass, 60) as w
select pg_get_viewdef('w19'::regclass) as d, pg_get_viewdef('w19'::regclass, true) as p, pg_get_viewdef('w19'::regclass, 60) as w
select pg_get_viewdef('w20'::regclass) as d, pg_get_viewdef('w20'::regclass, true) as p, pg_get_viewdef('w20'::regclass, 60) as w
select pg_get_viewdef('w21'::regclass) as d, pg_get_viewdef('w21'::regclass, true) as p, pg_get_viewdef('w21'::regclass, 60) as w
select pg_get_viewdef('w22'::regclass) as d, pg_get_viewdef('w22'::regclass, true) as p, pg_get_viewdef('w22'::regclass, 60) as w
select pg_get_viewdef('w23'::regclass) as d, pg_get_viewdef('w23'::regclass, true) as p, pg_get_viewdef('w23'::regclass, 60) as w
select pg_get_viewdef('w24'::regclass) as d, pg_get_viewdef('w24'::regclass, true) as p, pg_get_viewdef('w24'::regclass, 60) as w
select pg_get_viewdef('w25'::regclass) as d, pg_get_viewdef('w25'::regclass, true) as p, pg_get_viewdef('w25'::regclass, 60) as w
select pg_get_viewdef('w26'::regclass) as d, pg_get_viewdef('w26'::regclass, true) as p, pg_get_viewdef('w26'::regclass, 60) as w
select pg_get_viewdef('w27'::regclass) as d, pg_get_viewdef('w27'::regclass, true) as p, pg_get_viewdef('w27'::regclass, 60) as w
select pg_get_viewdef('w28'::regclass) as d, pg_get_viewdef('w28'::regclass, true) as p, pg_get_viewdef('w28'::regclass, 60) as w
select pg_get_viewdef('w29'::regclass) as d, pg_get_viewdef('w29'::regclass, true) as p, pg_get_viewdef('w29'::regclass, 60) as w
select pg_get_viewdef('w30'::regclass) as d, pg_get_viewdef('w30'::regclass, true) as p, pg_get_viewdef('w30'::regclass, 60) as w
select pg_get_viewdef('w31'::regclass) as d, pg_get_viewdef('w31'::regclass, true) as p, pg_get_viewdef('w31'::regclass, 60) as w
select pg_get_viewdef('w32'::regclass) as d, pg_get_viewdef('w32'::regclass, true) as p, pg_get_viewdef('w32'::regclass, 60) as w
select pg_get_viewdef('w34'::regclass) as d, pg_get_viewdef('w34'::regclass, true) as p, pg_get_viewdef('w34'::regclass, 60) as w
select pg_get_viewdef('w35'::regclass) as d, pg_get_viewdef('w35'::regclass, true) as p, pg_get_viewdef('w35'::regclass, 60) as w
select pg_get_viewdef('w36'::regclass) as d, pg_get_viewdef('w36'::regclass, true) as p, pg_get_viewdef('w36'::regclass, 60) as w
select pg_get_viewdef('w37'::regclass) as d, pg_get_viewdef('w37'::regclass, true) as p, pg_get_viewdef('w37'::regclass, 60) as w
select pg_get_viewdef('w38'::regclass) as d, pg_get_viewdef('w38'::regclass, true) as p, pg_get_viewdef('w38'::regclass, 60) as w
select pg_get_viewdef('w39'::regclass) as d, pg_get_viewdef('w39'::regclass, true) as p, pg_get_viewdef('w39'::regclass, 60) as w
select pg_get_viewdef('w40'::regclass) as d, pg_get_viewdef('w40'::regclass, true) as p, pg_get_viewdef('w40'::regclass, 60) as w
select pg_get_viewdef('w41'::regclass) as d, pg_get_viewdef('w41'::regclass, true) as p, pg_get_viewdef('w41'::regclass, 60) as w
select pg_get_viewdef('w44'::regclass) as d, pg_get_viewdef('w44'::regclass, true) as p, pg_get_viewdef('w44'::regclass, 60) as w
select pg_get_viewdef('w45'::regclass) as d, pg_get_viewdef('w45'::regclass, true) as p, pg_get_viewdef('w45'::regclass, 60) as w
select pg_get_viewdef('w46'::regclass) as d, pg_get_viewdef('w46'::regclass, true) as p, pg_get_viewdef('w46'::regclass, 60) as w
select pg_get_viewdef('w47'::regclass) as d, pg_get_viewdef('w47'::regclass, true) as p, pg_get_viewdef('w47'::regclass, 60) as w
select pg_get_viewdef('w48'::regclass) as d, pg_get_viewdef('w48'::regclass, true) as p, pg_get_viewdef('w48'::regclass, 60) as w
select pg_get_viewdef('w49'::regclass) as d, pg_get_viewdef('w49'::regclass, true) as p, pg_get_viewdef('w49'::regclass, 60) as w
select pg_get_viewdef('w50'::regclass) as d, pg_get_viewdef('w50'::regclass, true) as p, pg_get_viewdef('w50'::regclass, 60) as w
create view w42 as select name collate "C" as c from dept
select pg_get_viewdef('w42'::regclass) as d
create view bad as select row(id, name) as r from dept
select view_definition from information_schema.views where table_schema = 'app' and table_name in ('v_simple', 'v_join') order by table_name
select viewname, definition from pg_views where schemaname = 'app' and viewname like 'v%' order by 1
select pg_get_viewdef('v_join'::regclass) as d
set search_path = public
select pg_get_viewdef('app.v_group'::regclass, true) as d
drop schema app cascade
