/** What a diagnosis means for those who own the fleet, a sentence or two each. */
import type { Diagnosis } from '../core/ids.ts';

export const DIAGNOSIS_MEANINGS: Readonly<Record<Diagnosis, string>> = {
  'rival-devices':
    'Different devices claim one client ID. Each connect throws the other one out, and messages of ' +
    'the one that is out are lost or wait in a session that is not its own.',
  'duplicate-client':
    'One device runs more than one client under the same client ID: a second process, a script left ' +
    'running, a library that opens two connections.',
  'foreign-principal':
    'Somebody with other credentials took over the client ID. Where an ID is not bound to its ' +
    'certificate, any device can cut off any other and read what waits for it.',
  'half-open-reconnect':
    'A device came back before the broker had noticed that its old connection was dead. It evicts ' +
    'only itself: no rival, but alarms, and wills that are sent for nothing.',
  'certificate-rotation':
    'A device changed its certificate and reconnected with the new one while the old connection ' +
    'was still open. Expected during a rotation, and only then.',
  'shared-certificate':
    'Several devices hold one private key. None of them can be told apart or revoked alone, and ' +
    'whoever takes the key from one of them can pose as all.',
  'claim-certificate':
    'Many devices use a provisioning certificate at once. Intended while they are provisioned; a ' +
    'fleet that goes on using it never got certificates of its own.',
  gateway:
    'One device holds many connections with one certificate, as a gateway does for what stands ' +
    'behind it. Not a sharing if it is meant to be one.',
  'half-open-ghost':
    'The second holder of the certificate is a connection that its device had given up long before ' +
    'the broker noticed.',
  'shared-principal':
    'Several clients use one user name or subject at the same time: none can be told apart or shut ' +
    'out alone.',
  ambiguous:
    'The evidence fits more than one cause. Better records of the broker, or both sides of the ' +
    'connections, would decide.',
  'certificate-expired': 'The certificate is no longer valid: brokers that check refuse it.',
  'certificate-expiring':
    'The certificate ends soon: its device is out on that day unless renewed.',
  'certificate-old': 'The certificate has been in use for long: the longer, the likelier a copy.',
  'vulnerable-key': 'The private key can be computed from the public one, by a known weakness.',
  'weak-key': 'The key is too short or of a kind that is no longer held to be safe.',
  'revoked-certificate': 'The certificate has been revoked, and is in use all the same.',
};
