/**
 * How two servers are compared under load: they take turns within every round, so that what else the machine does
 * meets both. A row of the table has the medians, the ratio of the medians with the lowest and highest ratio of a round
 * (the noise), and the processor time per unit of work of each process, user + system.
 */
import { cpuMicros, median } from './servers.mjs';

/**
 * Runs `load(server)`, which answers { rate, units, ignored }, `rounds` times on the reference server and on Lyrebird.
 * `ignored` counts errors that the load carried on after.
 */
export function compare({ name, clients, target }, servers, rounds, load) {
  const measured = servers.map(() => ({ rates: [], cpu: {}, ignored: 0 }));
  for (let round = 0; round < rounds; round++) {
    servers.forEach((server, at) => {
      const into = measured[at];
      const before = cpuMicros(server);
      const { rate, units, ignored = 0 } = load(server);
      into.rates.push(rate);
      into.ignored += ignored;
      for (const [role, { user, system }] of Object.entries(cpuMicros(server))) {
        const per = (into.cpu[role] ??= { user: [], system: [] });
        per.user.push((user - before[role].user) / units);
        per.system.push((system - before[role].system) / units);
      }
    });
  }
  const [reference, lyrebird] = measured;
  const rate = median(lyrebird.rates);
  const referenceRate = median(reference.rates);
  return {
    name,
    clients,
    target,
    reference: referenceRate,
    lyrebird: rate,
    ratio: rate / referenceRate,
    ratios: lyrebird.rates.map((one, round) => one / reference.rates[round]).sort((a, b) => a - b),
    ignored: measured.map((one) => one.ignored),
    cpu: medians(lyrebird.cpu),
    referenceCpu: medians(reference.cpu).server,
  };
}

function medians(cpu) {
  return Object.fromEntries(
    Object.entries(cpu).map(([role, { user, system }]) => [role, { user: median(user), system: median(system) }]),
  );
}

/** Prints the rows for people, then for programs. `unit` is what the processor time is counted per. */
export function report(results, servers, unit) {
  const [reference] = servers;
  console.log(
    `\nbenchmark              clients ${reference.name.padStart(12)}     Lyrebird   ratio (of rounds)   target         CPU us per ${unit}: ${reference.name}; Lyrebird`,
  );
  for (const one of results) {
    const verdict = one.target === undefined ? '' : one.ratio >= one.target ? 'met' : 'MISSED';
    const rounds = `(${one.ratios[0].toFixed(2)}-${one.ratios.at(-1).toFixed(2)})`;
    const lyrebird = Object.entries(one.cpu).map(([role, cpu]) => `${role} ${sum(cpu)}`);
    console.log(
      [
        one.name.padEnd(22),
        String(one.clients).padStart(7),
        one.reference.toFixed(0).padStart(12),
        one.lyrebird.toFixed(0).padStart(12),
        one.ratio.toFixed(2).padStart(7),
        rounds.padEnd(13),
        String(one.target ?? '').padStart(4),
        verdict.padEnd(6),
        `${sum(one.referenceCpu)}; ${lyrebird.join(', ')}`,
        ignoredErrors(one, reference.name),
      ].join(' '),
    );
  }
  for (const one of results) console.log(JSON.stringify(one));
}

const sum = ({ user, system }) => `${user.toFixed(0)}+${system.toFixed(0)}`;

function ignoredErrors({ ignored: [reference, lyrebird] }, name) {
  return reference + lyrebird === 0 ? '' : ` ignored errors: ${name} ${reference}, Lyrebird ${lyrebird}`;
}
