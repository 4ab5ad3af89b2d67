/**
 * What the application scripts share: where the server is (from the environment), and `step`, which prints a step's
 * result, or its error, in a form that two servers' runs can be compared by.
 */
const { SERVER_PORT, SERVER_PASSWORD, SERVER_DATABASE } = process.env;
const STEP_TIMEOUT_MS = 15_000;

export const url = `postgres://postgres:${SERVER_PASSWORD}@127.0.0.1:${SERVER_PORT}/${SERVER_DATABASE}`;
export const cfg = { host: '127.0.0.1', port: Number(SERVER_PORT), user: 'postgres', password: SERVER_PASSWORD, database: SERVER_DATABASE };

/** Object ids differ between servers and keys of rows have no order. */
function comparable(key, value) {
  if (typeof value === 'bigint') return `${value}n`;
  if (key === 'routine' || key === 'file' || key === 'line' || key === 'tableID' || key === 'table' && typeof value === 'number') return undefined;
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  return value;
}

export async function step(name, action) {
  let timer;
  try {
    const result = await Promise.race([
      action(),
      new Promise((_resolve, reject) => {
        timer = setTimeout(() => reject(new Error('TIMEOUT')), STEP_TIMEOUT_MS);
      }),
    ]);
    console.log(`## ${name}\n${JSON.stringify(result, comparable, 1)}`);
  } catch (error) {
    console.log(`## ${name}\nERROR ${error.code ?? ''} ${error.message ?? error} ${error.cause ? error.cause.message : ''}`);
  }
  clearTimeout(timer);
}
