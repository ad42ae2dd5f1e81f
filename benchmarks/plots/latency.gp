# Percentiles of single calls: folder/latency.tsv, with a line for each threads
# and percentile, `label quiet elsewhere patched`.
load style
set output picture
set title 'Single calls, while a plan is patched 1,000 times a second'
set ylabel 'nanoseconds'
set yrange [0:*]
set offsets 0, 0, graph 0.3, 0
set style data histograms
set style histogram clustered gap 1
set style fill solid noborder
set boxwidth 0.9
set bmargin 4
set datafile separator tab
plot folder.'/latency.tsv' using 2:xtic(1) linecolor rgb '#bbbbbb' title 'quiet', \
    '' using 3 linecolor rgb '#9dc3e6' title 'another enforcer''s plan patched', \
    '' using 4 linecolor rgb '#0b4f9e' title 'the plan in use patched'
