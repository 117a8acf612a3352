// Manifests and lock file keep the promises that npm does not check: one version for all our packages, exact pins,
// the same licence and engine everywhere, and no registry address in the lock file.
import assert from 'node:assert/strict';
import { join } from 'node:path';

import { ROOT, readJson, workspaces } from '../lib/workspaces.mjs';

const rootManifest = readJson(join(ROOT, 'package.json'));
const manifests = [{ name: 'root', manifest: rootManifest }, ...workspaces()];
const ownNames = workspaces().map(({ name }) => name);
/** The one range: version 13 brings a compiled binding but needs Node 22, version 12 is the last for Node 20. */
const RANGES = { 'better-sqlite3': '^12.11.1 || ^13.0.0' };

describe('manifests', () => {
  for (const { name, manifest } of manifests) {
    it(`${name}: version, licence, engine and module kind are those of the whole`, () => {
      const { version, license, type, engines } = manifest;
      assert.deepEqual(
        { version, license, type, engines },
        {
          version: rootManifest.version,
          license: 'Apache-2.0',
          type: 'module',
          engines: { node: '>=20.19' },
        },
      );
    });

    it(`${name}: every dependency is pinned to one version`, () => {
      const wanted = { ...manifest.dependencies, ...manifest.devDependencies };
      for (const [dependency, range] of Object.entries(wanted)) {
        if (ownNames.includes(dependency)) assert.equal(range, rootManifest.version, dependency);
        else if (dependency in RANGES) assert.equal(range, RANGES[dependency]);
        else assert.match(range, /^\d+\.\d+\.\d+(-[\w.]+)?$/, dependency);
      }
    });
  }

  it('the lock file names packages, not places to get them from', () => {
    const { packages } = readJson(join(ROOT, 'package-lock.json'));
    const addresses = Object.entries(packages).filter(
      ([, entry]) => entry.resolved !== undefined && entry.link !== true,
    );
    assert.deepEqual(addresses, []);
  });
});
