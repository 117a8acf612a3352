/** The one port of a node. Re-exports only. */
export { type BoundAddress } from './listen.ts';
export {
  createNodeServer,
  DEFAULT_HTTP_LIMITS,
  type HttpLimits,
  type NodeServer,
  type NodeServerOptions,
} from './node-server.ts';
export { type NodeFacts, type ReadinessCheck } from './routes.ts';
export { type UpgradeHandler } from './upgrade.ts';
