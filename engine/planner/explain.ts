export function explainPlan(_plan: unknown, _options: unknown): string[] { return ['Plan']; }
