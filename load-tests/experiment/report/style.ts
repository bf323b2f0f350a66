/** The report's style sheet: light and dark, no file from elsewhere. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1c2530; --soft: #5b6875; --line: #e3e8ed; --page: #fff;
  --panel: #f6f8fa; --c0: #1769c2; --c1: #d97706; --c2: #c0263a; --c3: #2f855a; --c4: #7c4dbd;
  --c5: #57707f; --mark: #c0263a1f; --good: #1f7a4d; --bad: #c0263a; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6ebf0; --soft: #9aa8b5; --line: #2c3742; --page: #12181f; --panel: #1a222b;
    --c0: #62a8f2; --c1: #f0a54a; --c2: #f27a88; --c3: #62c795; --c4: #b896ec; --c5: #9fb3c0;
    --mark: #f27a8830; --good: #62c795; --bad: #f27a88; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { max-width: 980px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { font-size: 28px; margin: 0; }
h2 { font-size: 19px; margin: 40px 0 4px; }
p { margin: 4px 0 12px; }
.soft { color: var(--soft); }
.verdict { display: inline-block; margin: 12px 0; padding: 6px 14px; border-radius: 8px;
  background: var(--good); color: var(--page); font-weight: 600; }
.verdict.bad { background: var(--bad); }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; margin: 16px 0; }
.card { background: var(--panel); border-radius: 10px; padding: 12px 14px; }
.card b { display: block; font-size: 24px; line-height: 1.25; font-variant-numeric: tabular-nums; }
.card span { color: var(--soft); font-size: 14px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 6px 14px 6px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 600; color: var(--soft); }
td.n, th.n { text-align: right; }
.wide { overflow-x: auto; }
svg { width: 100%; height: auto; display: block; margin-top: 14px; }
svg text { fill: var(--soft); font-size: 12px; }
svg .name { fill: var(--ink); }
.grid { stroke: var(--line); }
.axis { stroke: var(--soft); }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.area { opacity: .85; }
.bar { fill: var(--c0); }
.mark { fill: var(--mark); }
svg .mark-name { fill: var(--bad); font-weight: 600; }
.line.c0 { stroke: var(--c0); } .line.c1 { stroke: var(--c1); } .line.c2 { stroke: var(--c2); }
.line.c3 { stroke: var(--c3); } .line.c4 { stroke: var(--c4); } .line.c5 { stroke: var(--c5); }
.area.c0 { fill: var(--c0); } .area.c1 { fill: var(--c1); } .area.c2 { fill: var(--c2); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 0 0 18px 64px; color: var(--soft); font-size: 14px; }
.legend i { display: inline-block; width: 12px; height: 12px; border-radius: 3px; margin-right: 6px; vertical-align: -1px; }
i.c0 { background: var(--c0); } i.c1 { background: var(--c1); } i.c2 { background: var(--c2); }
i.c3 { background: var(--c3); } i.c4 { background: var(--c4); } i.c5 { background: var(--c5); }
.faults { color: var(--bad); }
`;
