/** The key-value backend keeps every rule of the backend contract. */
import * as kv from '@quorate/backend-kv/conformance';
import { backendConformance, subjectOf } from '@quorate/core/testing';

backendConformance(await subjectOf(kv, { name: 'kv' }));
