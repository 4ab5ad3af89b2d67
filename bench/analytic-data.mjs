/**
 * Generated tables for the analytic benchmark: the relations of a TPC-H-like order business and one wide table of page
 * hits, written as text files for COPY. The same seed gives the same rows, so both servers load the same files.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export const SCHEMA = [
  'CREATE TABLE region (r_regionkey int PRIMARY KEY, r_name text NOT NULL)',
  'CREATE TABLE nation (n_nationkey int PRIMARY KEY, n_name text NOT NULL, n_regionkey int NOT NULL)',
  'CREATE TABLE supplier (s_suppkey int PRIMARY KEY, s_name text NOT NULL, s_nationkey int NOT NULL, s_acctbal numeric(15,2) NOT NULL)',
  'CREATE TABLE customer (c_custkey int PRIMARY KEY, c_name text NOT NULL, c_nationkey int NOT NULL, c_acctbal numeric(15,2) NOT NULL, c_mktsegment text NOT NULL)',
  'CREATE TABLE orders (o_orderkey int PRIMARY KEY, o_custkey int NOT NULL, o_orderstatus text NOT NULL, o_totalprice numeric(15,2) NOT NULL, o_orderdate date NOT NULL, o_orderpriority text NOT NULL, o_shippriority int NOT NULL, o_comment text NOT NULL)',
  'CREATE TABLE lineitem (l_orderkey int NOT NULL, l_partkey int NOT NULL, l_suppkey int NOT NULL, l_linenumber int NOT NULL, l_quantity numeric(15,2) NOT NULL, l_extendedprice numeric(15,2) NOT NULL, l_discount numeric(15,2) NOT NULL, l_tax numeric(15,2) NOT NULL, l_returnflag text NOT NULL, l_linestatus text NOT NULL, l_shipdate date NOT NULL, l_commitdate date NOT NULL, l_receiptdate date NOT NULL, l_shipmode text NOT NULL, PRIMARY KEY (l_orderkey, l_linenumber))',
  'CREATE TABLE hits (watch_id bigint NOT NULL, counter_id int NOT NULL, user_id bigint NOT NULL, event_time timestamp NOT NULL, region_id int NOT NULL, os smallint NOT NULL, adv_engine_id smallint NOT NULL, resolution_width int NOT NULL, search_phrase text NOT NULL, url text NOT NULL, is_refresh smallint NOT NULL)',
];

export const TABLES = ['region', 'nation', 'supplier', 'customer', 'orders', 'lineitem', 'hits'];

const REGIONS = ['AFRICA', 'AMERICA', 'ASIA', 'EUROPE', 'MIDDLE EAST'];
const SEGMENTS = ['AUTOMOBILE', 'BUILDING', 'FURNITURE', 'HOUSEHOLD', 'MACHINERY'];
const PRIORITIES = ['1-URGENT', '2-HIGH', '3-MEDIUM', '4-NOT SPECIFIED', '5-LOW'];
const MODES = ['AIR', 'FOB', 'MAIL', 'RAIL', 'REG AIR', 'SHIP', 'TRUCK'];
const WORDS =
  'carefully special ironic packages requests deposits accounts express furiously pending theodolites'.split(' ');
const FIRST_DAY = Date.UTC(1992, 0, 1);
const DAYS = 2405;
const CUTOFF = Date.UTC(1995, 5, 17);
const DAY = 86_400_000;

/** Uniform numbers in [0, 1) from a seed (mulberry32). */
function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

class TableFile {
  #file;
  #lines = [];
  rows = 0;

  constructor(folder, name) {
    this.#file = openSync(join(folder, `${name}.copy`), 'w');
  }

  add(...fields) {
    this.#lines.push(fields.join('\t'));
    this.rows++;
    if (this.#lines.length >= 10_000) this.#flush();
  }

  #flush() {
    if (this.#lines.length > 0) writeSync(this.#file, `${this.#lines.join('\n')}\n`);
    this.#lines = [];
  }

  close() {
    this.#flush();
    closeSync(this.#file);
    return this.rows;
  }
}

const date = (time) => new Date(time).toISOString().slice(0, 10);

/** Writes TABLE.copy files into the folder; answers the number of rows by table. */
export function generate(folder, scale) {
  const random = randomFrom(42);
  const below = (limit) => Math.floor(random() * limit);
  const one = (list) => list[below(list.length)];
  const counts = {};
  const table = (name, fill) => {
    const file = new TableFile(folder, name);
    fill(file);
    counts[name] = file.close();
  };
  const customers = Math.round(150_000 * scale);
  const suppliers = Math.max(10, Math.round(10_000 * scale));
  const parts = Math.round(200_000 * scale);
  const money = (low, high) => (low + random() * (high - low)).toFixed(2);
  table('region', (file) => REGIONS.forEach((name, key) => file.add(key, name)));
  table('nation', (file) => {
    for (let key = 0; key < 25; key++) file.add(key, `NATION ${key}`, key % 5);
  });
  table('supplier', (file) => {
    for (let key = 1; key <= suppliers; key++) file.add(key, `Supplier#${key}`, below(25), money(-999, 9999));
  });
  table('customer', (file) => {
    for (let key = 1; key <= customers; key++)
      file.add(key, `Customer#${key}`, below(25), money(-999, 9999), one(SEGMENTS));
  });
  const lines = new TableFile(folder, 'lineitem');
  table('orders', (file) => {
    for (let order = 1; order <= customers * 10; order++) {
      const key = (order >> 3) * 32 + (order & 7);
      const day = FIRST_DAY + below(DAYS - 151) * DAY;
      let total = 0;
      const count = 1 + below(7);
      for (let line = 1; line <= count; line++) {
        const quantity = 1 + below(50);
        const price = (quantity * (900 + random() * 1200)).toFixed(2);
        total += Number(price);
        const shipped = day + (1 + below(121)) * DAY;
        const received = shipped + (1 + below(30)) * DAY;
        const flag = received <= CUTOFF ? one(['R', 'A']) : 'N';
        lines.add(
          key,
          1 + below(parts),
          1 + below(suppliers),
          line,
          `${quantity}.00`,
          price,
          `0.${String(below(11)).padStart(2, '0')}`,
          `0.0${below(9)}`,
          flag,
          shipped > CUTOFF ? 'O' : 'F',
          date(shipped),
          date(day + (30 + below(61)) * DAY),
          date(received),
          one(MODES),
        );
      }
      // As in the original a third of the customers never orders.
      const customer = 1 + below(customers);
      const buyer = customer % 3 === 0 ? (customer % customers) + 1 : customer;
      const comment = Array.from({ length: 5 }, () => one(WORDS)).join(' ');
      file.add(key, buyer, one(['F', 'O', 'P']), total.toFixed(2), date(day), one(PRIORITIES), 0, comment);
    }
  });
  counts.lineitem = lines.close();
  table('hits', (file) => {
    const users = Math.round(400_000 * scale);
    for (let hit = 0; hit < 4_000_000 * scale; hit++) {
      const user = 1_000_000_007 * (1 + Math.floor(users * random() ** 3));
      const at = new Date(Date.UTC(2013, 6, 1) + below(31 * 86_400) * 1000)
        .toISOString()
        .slice(0, 19)
        .replace('T', ' ');
      file.add(
        hit * 7 + 1,
        1 + Math.floor(2000 * random() ** 4),
        user,
        at,
        Math.floor(500 * random() ** 2),
        below(40),
        random() < 0.95 ? 0 : 1 + below(60),
        one([1024, 1280, 1366, 1440, 1600, 1638, 1920]),
        random() < 0.87 ? '' : `${one(WORDS)} ${one(WORDS)} ${below(300)}`,
        `http://example.${below(50)}.com/${one(WORDS)}/${below(5000)}`,
        random() < 0.1 ? 1 : 0,
      );
    }
  });
  return counts;
}
