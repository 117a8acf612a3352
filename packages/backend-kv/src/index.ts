/** Public surface of @quorate/backend-kv. Choose it with `backend: kv` in config.yaml. */
import { QuorateError } from '@quorate/wire';
import { KvBackend } from './kv-backend.ts';

export { formatValue, quoteWord, type SplitWords, splitWords } from '@quorate/core/ports';
export { KvBackend } from './kv-backend.ts';
export {
  isKvCommand,
  type KvCommand,
  kvCommand,
  MAX_KEY_BYTES,
  MAX_VALUE_BYTES,
  USAGE,
  type Verb,
  verbOf,
} from './kv-command.ts';

/** The factory that the framework calls with `backendOptions` of config.yaml. @throws QuorateError CONFIG_INVALID */
export function createBackend(options?: unknown): KvBackend {
  const isEmpty =
    options === undefined ||
    options === null ||
    (typeof options === 'object' && Object.keys(options).length === 0);
  if (!isEmpty)
    throw new QuorateError('CONFIG_INVALID', 'the kv backend takes no options; remove backendOptions');
  return new KvBackend();
}

export default createBackend;
