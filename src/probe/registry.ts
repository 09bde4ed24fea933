/** One probe a capability, in the order in which they are made: what changes the broker comes last. */
import type { CapabilityId } from '../broker/capabilities.ts';
import { probeBindsClientId } from './binds-client-id.ts';
import { probeBindsSessionToCertificate } from './binds-session-to-certificate.ts';
import { probeBrokerEvidence } from './broker-evidence.ts';
import { probeCertificateVisible } from './certificate-visible.ts';
import { probeCloseReasonVisible } from './close-reason-visible.ts';
import { probeExpiryCutsLive } from './expiry-cuts-live.ts';
import { probeFlappingGuard } from './flapping-guard.ts';
import type { Probe } from './measurement.ts';
import { probeProtocolVersions } from './protocol-versions.ts';
import { probeRefusalReasonVisible } from './refusal-reason-visible.ts';
import { probeReloadCutsRevoked } from './reload-cuts-revoked.ts';
import { probeResumesWithoutCertificate } from './resumes-without-certificate.ts';
import { probeRevocationEffect } from './revocation-effect.ts';
import { probeSendsSessionTakenOver } from './sends-session-taken-over.ts';
import { probeTakeoverOrder } from './takeover-order.ts';
import { probeTakeoverVisible } from './takeover-visible.ts';
import { probeTakeoverWinner } from './takeover-winner.ts';

export const PROBES = {
  protocolVersions: probeProtocolVersions,
  brokerEvidence: probeBrokerEvidence,
  takeoverVisible: probeTakeoverVisible,
  certificateVisible: probeCertificateVisible,
  closeReasonVisible: probeCloseReasonVisible,
  refusalReasonVisible: probeRefusalReasonVisible,
  sendsSessionTakenOver: probeSendsSessionTakenOver,
  takeoverWinner: probeTakeoverWinner,
  takeoverOrder: probeTakeoverOrder,
  bindsSessionToCertificate: probeBindsSessionToCertificate,
  bindsClientId: probeBindsClientId,
  resumesWithoutCertificate: probeResumesWithoutCertificate,
  flappingGuard: probeFlappingGuard,
  expiryCutsLive: probeExpiryCutsLive,
  revocationEffect: probeRevocationEffect,
  reloadCutsRevoked: probeReloadCutsRevoked,
} satisfies { readonly [Id in CapabilityId]: Probe<Id> };
