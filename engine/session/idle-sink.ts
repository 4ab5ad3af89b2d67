/** Where a session's answers go while no request is under way: nowhere. */
import type { ReplySink } from '../../sblr/contract/session.ts';

export const IDLE_SINK: ReplySink = {
  columns() {},
  parameters() {},
  rows() {},
  complete() {},
  suspended() {},
  notice() {},
  setting() {},
  loadReady() {},
  error() {},
  ready() {},
};
