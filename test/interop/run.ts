import { parseArgs } from 'node:util';
import {
  multiPatientStoredQuery,
  registerDocumentSet,
  registerOnDemand,
  registryStoredQuery,
} from './cases/registry.ts';
import { provideAndRegister, removeDocuments, retrieveDocumentSet } from './cases/repository.ts';
import {
  demographicsQuery,
  patientDiscovery,
  patientIdentityFeed,
  pixQuery,
} from './cases/identity.ts';
import { removeMetadata, restrictedUpdate, updateDocumentSet } from './cases/updates.ts';
import { crossGatewayQuery, crossGatewayRetrieve } from './cases/communities.ts';
import { InteropWorld } from './world.ts';
import { buildPeer, missingTools, peerVersion } from './peer.ts';
import type { InteropCase } from './interop-case.ts';

const { values } = parseArgs({
  options: { required: { type: 'boolean' }, only: { type: 'string' }, keep: { type: 'boolean' } },
});
const missing = missingTools();
if (missing.length > 0) {
  console.log(`interop: skipped, this machine lacks ${missing.join(' and ')}`);
  process.exit(values.required ? 1 : 0);
}
const all: InteropCase[] = [
  ...registryStoredQuery,
  ...registerDocumentSet,
  ...multiPatientStoredQuery,
  ...registerOnDemand,
  ...provideAndRegister,
  ...retrieveDocumentSet,
  ...removeDocuments,
  ...updateDocumentSet,
  ...restrictedUpdate,
  ...removeMetadata,
  ...patientIdentityFeed,
  ...pixQuery,
  ...demographicsQuery,
  ...patientDiscovery,
  ...crossGatewayQuery,
  ...crossGatewayRetrieve,
];
buildPeer();
console.log(`interop: IPF ${peerVersion()}`);
const world = await InteropWorld.start();
console.log(world.folder);
for (const one of all) {
  if (
    values.only &&
    !new RegExp(values.only).test(`${one.transaction} ${one.direction} ${one.name}`)
  )
    continue;
  try {
    await one.run(world);
    console.log('ok', one.transaction, one.direction, one.name);
  } catch (e) {
    console.log(
      'FAIL',
      one.transaction,
      one.direction,
      one.name,
      e instanceof Error ? (e.name === 'Error' ? e.message : e.stack) : e,
    );
  }
}
await world.stop({ keep: values.keep ?? false });
