// Purpose: the bank keeps every rule of the backend contract, killed processes included.
import { backendConformance, subjectOf } from '@quorate/core/testing';
import * as bank from './bank.mjs';

const url = new URL('./bank.mjs', import.meta.url).href;

backendConformance(await subjectOf(bank, { name: 'bank', url }));
