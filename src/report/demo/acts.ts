/** Every act of a demonstration, in the order in which they are played. */
import { closingAct, fixAct, quietAct, remainsAct } from './after-fix.ts';
import { attackParagraphs, evidenceAct, findingAct, situationAct } from './before-fix.ts';

export const ACTS = {
  situation: situationAct,
  /** Under a title of its own, since it is played while it happens. */
  attack: attackParagraphs,
  evidence: evidenceAct,
  finding: findingAct,
  fix: fixAct,
  quiet: quietAct,
  remains: remainsAct,
  closing: closingAct,
} as const;
