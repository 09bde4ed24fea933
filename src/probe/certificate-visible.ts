/** Whether the evidence names the certificate ID of a connection by itself. */
import type { Probe } from './measurement.ts';

export const probeCertificateVisible: Probe<'certificateVisible'> = async (bench) => {
  const party = bench.identities.party('owner', 'certificateVisible');
  const mark = bench.mark();
  const client = await bench.mustConnect(party);
  // Some sources name the certificate of a connection only while it is open.
  const events = await bench.eventsSince(mark);
  await client.disconnect();
  const connect = events.find((one) => one.kind === 'connected' && one.clientId === party.clientId);
  if (connect === undefined) return { value: false, because: 'the connection left no record' };
  const { certificateId, inferred } = connect;
  if (certificateId === undefined) return { value: false, because: 'the record names none' };
  if (certificateId !== party.credential.certificateId) {
    return { value: false, because: 'the record names a certificate that was not used' };
  }
  return inferred?.includes('certificateId')
    ? { value: false, because: 'it was inferred, the source does not name it' }
    : { value: true, because: 'the record names the certificate that was used' };
};
