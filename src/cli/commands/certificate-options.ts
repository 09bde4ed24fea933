/** The options of `audit` on certificates and revocation lists, and the evidence they name. */
import type { Argv } from 'yargs';
import { type AuditOptions, EXIT, loadCertificateEvidence, UserError } from '../../index.ts';

export function certificateOptions<T>(parser: Argv<T>) {
  return parser
    .option('certificates', {
      type: 'string',
      array: true,
      nargs: 1,
      describe: 'Store, folder or file of certificates (PEM, DER), audited too; repeatable',
    })
    .option('crl', {
      type: 'string',
      array: true,
      nargs: 1,
      describe: 'Revocation list (PEM, DER), checked with its issuer’s certificate; repeatable',
    })
    .option('expiring-days', {
      type: 'number',
      describe: 'Device certificates with no more days left are findings, 30 to 3652; default 30',
    })
    .option('age-days', {
      type: 'number',
      describe: 'Device certificates of this age are findings, 30 to 3652; default 365',
    });
}

export interface CertificateArguments {
  readonly certificates?: readonly string[] | undefined;
  readonly crl?: readonly string[] | undefined;
  readonly expiringDays?: number | undefined;
  readonly ageDays?: number | undefined;
}

type CertificateChoices = Pick<AuditOptions, 'certificates' | 'thresholds'>;

/** Reads what is named; throws a `UserError` with everything that is wrong. */
export async function certificatesFrom(
  { certificates = [], crl = [], expiringDays, ageDays }: CertificateArguments,
  now: number,
): Promise<CertificateChoices> {
  const named = certificates.length + crl.length > 0;
  if (!named && (expiringDays !== undefined || ageDays !== undefined)) {
    throw new UserError(EXIT.usage, {
      message: 'days are given but no certificates',
      hint: 'name them with --certificates',
    });
  }
  return {
    thresholds: {
      ...(expiringDays === undefined ? {} : { expirationDays: expiringDays }),
      ...(ageDays === undefined ? {} : { ageDays }),
    },
    ...(named
      ? { certificates: await loadCertificateEvidence({ certificates, revocationLists: crl, now }) }
      : {}),
  };
}
