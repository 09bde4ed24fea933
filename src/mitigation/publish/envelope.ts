/**
 * What is published of a finding: AWS documents no payload for PUBLISH_FINDING_TO_SNS, so this one
 * is ours and says so. The finding in it is AWS's `AuditFinding` as everywhere. Pure.
 */
import type { AuditFinding } from '../../audit/finding.ts';
import type { EpochMs } from '../../core/time.ts';
import { uuidOf } from '../match.ts';
import type { ActionRequest } from '../performer.ts';

/** SNS takes 256 KiB with attributes; other ways out keep to it, so that all bodies are alike. */
export const BODY_BYTES_MAX = 256 * 1024 - 1024;

export interface EnvelopeOptions {
  /** Of AWS's form; twelve zeros where no account is known. */
  readonly accountId: string;
  readonly attempt: number;
  readonly at: EpochMs;
}

/** Stable for task, action and finding: the same for each attempt. */
export function messageId({ taskId, action, finding }: ActionRequest): string {
  return uuidOf(JSON.stringify([taskId, action.actionName, finding.findingId]));
}

/** JSON of the envelope, at most {@link BODY_BYTES_MAX} bytes; undefined if it can't be cut to that. */
export function envelopeBody(request: ActionRequest, options: EnvelopeOptions): string | undefined {
  const { relatedResources: related = [], ...rest } = request.finding;
  const whole = render(request, options, request.finding);
  if (Buffer.byteLength(whole) <= BODY_BYTES_MAX) return whole;
  // The newest related resources come first; as many of them stay as there is room for.
  let [kept, tooMany] = [0, related.length];
  const cutTo = (count: number): string => {
    const finding = { ...rest, relatedResources: related.slice(0, count) };
    return render(request, options, finding, { listed: count, of: related.length });
  };
  while (tooMany - kept > 1) {
    const middle = Math.floor((kept + tooMany) / 2);
    if (Buffer.byteLength(cutTo(middle)) <= BODY_BYTES_MAX) kept = middle;
    else tooMany = middle;
  }
  const cut = cutTo(kept);
  return Buffer.byteLength(cut) <= BODY_BYTES_MAX ? cut : undefined;
}

function render(
  request: ActionRequest,
  { accountId, attempt, at }: EnvelopeOptions,
  finding: AuditFinding,
  relatedResources?: { readonly listed: number; readonly of: number },
): string {
  return JSON.stringify({
    accountId,
    actionName: request.action.actionName,
    taskId: request.taskId,
    finding,
    doppelfleet: {
      kind: 'published-finding',
      version: 1,
      id: messageId(request),
      publishedAt: new Date(at).toISOString(),
      attempt,
      ...(relatedResources === undefined ? {} : { cut: { relatedResources } }),
    },
  });
}
