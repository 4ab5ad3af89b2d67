/**
 * `npm run bench -- <what> [--rounds N] [--seconds S] [--scale N] [--clients 1,8,32]`: benchmarks that always run the
 * real server beside Lyrebird, interleaved, and compare medians. The suites are in this folder, one file each.
 */
const SUITES = { pg: './pg.mjs', mysql: './mysql.mjs', analytic: './analytic.mjs', bulk: './bulk.mjs' };

const [name = 'pg', ...rest] = process.argv.slice(2);
const file = SUITES[name];
if (file === undefined) {
  console.error(`no benchmark "${name}"; there are: ${Object.keys(SUITES).join(', ')}`);
  process.exit(1);
}

/** Options as --name value; numbers stay text until used. */
function options(words) {
  const found = {};
  for (let i = 0; i < words.length; i += 2) {
    if (!words[i].startsWith('--') || words[i + 1] === undefined) {
      console.error(`cannot read "${words[i]}"; options are written --name value`);
      process.exit(1);
    }
    found[words[i].slice(2)] = words[i + 1];
  }
  return found;
}

const { run } = await import(file);
await run(options(rest));
