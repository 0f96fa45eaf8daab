"""The style sheet of the HTML report: no fonts to load, no scripts; light, dark, narrow and printed."""

STYLE = """
.lossacc{--ink:#1d2a35;--quiet:#52606c;--line:#d5dbe0;--soft:#f3f5f7;--paper:#fff;--link:#1c5a8a;
--error:#a3211b;--warning:#8a4a00;--tip:#1c5a8a;--fine:#23663a;
color:var(--ink);background:var(--paper);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",
Arial,sans-serif;text-align:left;overflow-wrap:break-word;-webkit-text-size-adjust:100%}
.lossacc *{box-sizing:border-box}
.lossacc h1,.lossacc h2,.lossacc h3,.lossacc h4,.lossacc h5{line-height:1.25;margin:0;font-weight:650}
.lossacc h1{font-size:1.7rem;letter-spacing:-.01em}
.lossacc h2{font-size:1.25rem;margin:2.6rem 0 .8rem;padding-top:.2rem}
.lossacc h3{font-size:1.02rem;margin:1.4rem 0 .6rem}
.lossacc p{margin:.4rem 0;max-width:48rem}
.lossacc a{color:var(--link);text-underline-offset:.15em}
.lossacc a:focus-visible,.lossacc [tabindex]:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.lossacc .quiet{color:var(--quiet);font-size:.92rem}
.lossacc .verdict{border-left:6px solid var(--state);background:var(--soft);padding:1rem 1.25rem;margin:1.3rem 0 0;
border-radius:0 10px 10px 0}
.lossacc .verdict p{font-size:1.2rem;line-height:1.45;margin:0;max-width:56rem}
.lossacc .verdict .state{font-size:.85rem;font-weight:650;color:var(--state);margin:0 0 .3rem}
.lossacc .is-error{--state:var(--error)}.lossacc .is-warning{--state:var(--warning)}
.lossacc .is-tip{--state:var(--tip)}.lossacc .is-fine{--state:var(--fine)}
.lossacc ol.todo{margin:.2rem 0;padding-left:1.4rem;max-width:52rem}.lossacc ol.todo li{margin:.35rem 0}
.lossacc dl.key{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:.8rem;margin:.4rem 0 0}
@media (min-width:56rem){.lossacc dl.key{grid-template-columns:repeat(3,minmax(0,1fr))}}
.lossacc dl.key>div{border:1px solid var(--line);border-radius:10px;padding:.75rem 1rem}
.lossacc dt{color:var(--quiet);font-size:.88rem}
.lossacc dd{margin:0}.lossacc dd.value{font-size:1.45rem;font-weight:650;font-variant-numeric:tabular-nums;
line-height:1.3}.lossacc dd.note{color:var(--quiet);font-size:.88rem;line-height:1.4}
.lossacc .figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,21rem),1fr));gap:1rem}
.lossacc figure{margin:0;border:1px solid var(--line);border-radius:10px;padding:.9rem 1rem .6rem;background:#fff;
color:#1d2a35;break-inside:avoid;display:flex;flex-direction:column}
.lossacc figcaption{font-weight:650;line-height:1.3;margin-bottom:.6rem;text-wrap:balance}
.lossacc figure svg{display:block;width:100%;height:auto;max-width:34rem;margin:auto auto 0}
.lossacc .figures.wide{grid-template-columns:minmax(0,1fr)}.lossacc .figures.wide figure{overflow-x:auto}
.lossacc .figures.wide svg{max-width:62rem;min-width:36rem}
.lossacc article{border:1px solid var(--line);border-left:6px solid var(--state);border-radius:0 10px 10px 0;
padding:.8rem 1.1rem;margin:.7rem 0;break-inside:avoid}
.lossacc article h4,.lossacc article h5{font-size:1.02rem;margin:0}.lossacc h4{font-size:1.02rem;margin:1.2rem 0 .5rem}
.lossacc article .code{color:var(--state);margin-right:.4rem}
.lossacc article .numbers{font-variant-numeric:tabular-nums}
.lossacc .scroll{overflow-x:auto;margin:.4rem 0;max-width:100%}
.lossacc table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums;margin:0;min-width:20rem;
background:none;color:inherit}
.lossacc .wide th:first-child{min-width:6.5rem}.lossacc .wide td:nth-child(2){min-width:15rem}
.lossacc .unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.lossacc th,.lossacc td{padding:.34rem .8rem .34rem 0;border:0;border-bottom:1px solid var(--line);text-align:left;
vertical-align:top;background:none;max-width:34rem}
.lossacc thead th{color:var(--quiet);font-weight:600;vertical-align:bottom;border-bottom:2px solid var(--line)}
.lossacc tbody th{font-weight:600}
.lossacc .n{text-align:right;white-space:nowrap;padding-left:.6rem}.lossacc thead .n{white-space:normal}
.lossacc tbody tr.total>*{font-weight:650;border-bottom:0;border-top:2px solid var(--line)}
"""

PAGE_STYLE = """
html{scroll-behavior:smooth}body{margin:0;background:#fff}
.lossacc main,.lossacc>header,.lossacc>footer,.lossacc>nav{max-width:76rem;margin:0 auto;
padding:0 clamp(1rem,4vw,2.5rem)}
.lossacc>header{padding-top:2.2rem}.lossacc>footer{padding-top:2rem;padding-bottom:3rem}
.lossacc>nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:.3rem 1.1rem;padding:0;margin:.8rem 0 0;
font-size:.95rem}
.lossacc>nav a{display:inline-block;padding:.2rem 0}
.skip{position:absolute;left:-100vw;top:0;background:#fff;color:#1c5a8a;padding:.6rem 1rem;z-index:9}
.skip:focus{left:0}
@media screen and (prefers-color-scheme:dark){body{background:#12181d}
.lossacc{--ink:#e6ebef;--quiet:#a9b4bd;--line:#37424c;--soft:#1b242b;--paper:#12181d;--link:#8cc4ee;
--error:#ff9c94;--warning:#f2b562;--tip:#8cc4ee;--fine:#8fd4a4}}
@media print{html{font-size:12px}.lossacc{font-size:1rem;--soft:#fff}.lossacc>nav,.skip{display:none}
.lossacc .scroll{overflow:visible}
.lossacc h2{margin-top:1.4rem;break-after:avoid}.lossacc tr{break-inside:avoid}
.lossacc .figures{grid-template-columns:1fr 1fr}.lossacc .figures.wide svg{min-width:0}}
"""
