// Purpose: the counter keeps every rule of the backend contract.
import { backendConformance, subjectOf } from '@quorate/core/testing';
import * as counter from './counter.mjs';

backendConformance(await subjectOf(counter, { name: 'counter' }));
