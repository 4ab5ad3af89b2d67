/** Everything the engine may know of storage. */
export * from './byte-writer.ts';
export * from './change-log.ts';
export * from './codec.ts';
export * from './errors.ts';
export * from './scan.ts';
export * from './transaction-store.ts';
