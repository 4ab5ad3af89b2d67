/**
 * Statistics without being asked: every few seconds the tables whose number of rows has moved away from what was
 * last analyzed are sampled again, one after the other, so that applications that never say ANALYZE get
 * plans for the data they have.
 */
import type { TableDefinition } from '../catalog/definitions.ts';
import type { EngineCore } from '../core.ts';
import type { EngineOptions } from '../options.ts';
import { sampleTable, storeStatistics } from './analyze.ts';

const INTERVAL_MS = 5000;
/** Of the time, statistics take no more than one part in so many. */
const TIME_SHARE = 20;
/** A table is analyzed again after so many rows more or fewer, and this part of its rows. */
const LEAST_CHANGE = 50;
const CHANGED_SHARE = 0.1;

export class AutoAnalyze {
  readonly #core: EngineCore;
  readonly #log: EngineOptions['log'];
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #stopped = false;
  /** The next sweep of its own accord is not before this time. */
  #notBefore = 0;

  constructor(core: EngineCore, log: EngineOptions['log']) {
    this.#core = core;
    this.#log = log;
  }

  start(intervalMs = INTERVAL_MS): void {
    this.#timer = setInterval(() => {
      if (performance.now() >= this.#notBefore) void this.sweep();
    }, intervalMs);
    this.#timer.unref();
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
  }

  /** Analyzes what needs it; a sweep under way is waited for instead. */
  sweep(): Promise<void> {
    const started = performance.now();
    this.#running ??= this.#sweep().finally(() => {
      this.#running = undefined;
      const now = performance.now();
      this.#notBefore = now + (now - started) * TIME_SHARE;
    });
    return this.#running;
  }

  async #sweep(): Promise<void> {
    for (const table of [...this.#core.catalog.all('table')]) {
      if (this.#stopped) return;
      if (table.kind !== 'table' || !this.#isOutdated(table)) continue;
      try {
        await this.#analyze(table);
      } catch (error) {
        // The table was dropped or the store closed meanwhile: the next sweep looks again. Nobody waits for this one.
        if (!this.#stopped && this.#core.catalog.get(table.id) === table)
          this.#log('error', 'automatic analyze failed', { table: table.name.text, error: String(error) });
        return;
      }
    }
  }

  #isOutdated(table: TableDefinition): boolean {
    if (table.persistence === 'temporary') return false;
    const rows = this.#core.store.approximateRows(table.space);
    const known = this.#core.statistics.analyzed().get(table.id)?.rows ?? 0;
    return Math.abs(rows - known) > LEAST_CHANGE + known * CHANGED_SHARE;
  }

  async #analyze(table: TableDefinition): Promise<void> {
    const core = this.#core;
    const { semantics } = core;
    if (semantics === undefined) return;
    const transaction = core.transactions.begin({ isolation: 'read_committed' });
    try {
      transaction.beginStatement();
      const statistics = await sampleTable(transaction, table, semantics, Math.random, () => {
        if (this.#stopped) throw new Error('the server is stopping');
      });
      storeStatistics(core, transaction, table, statistics);
      transaction.endStatement();
      await new Promise<void>((resolve, reject) =>
        transaction.commit((error) => (error === undefined ? resolve() : reject(error))),
      );
    } catch (error) {
      if (transaction.state === 'active') transaction.rollback();
      throw error;
    }
  }
}
