/** A matrix as JSON: the whole of it, versioned by `matrixVersion`. */
import type { MatrixResult } from '../../matrix/result.ts';

export function renderMatrixJson(result: MatrixResult): string {
  return `${JSON.stringify(result, null, 2)}\n`;
}
