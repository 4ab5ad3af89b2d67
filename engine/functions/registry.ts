/** The function registry with everything in it: look functions up through this file. */
import './index.ts';

export * from './table.ts';
