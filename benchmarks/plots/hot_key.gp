# Decisions a second on one key: folder/hot_key.tsv, `label millions colour`, with
# the best last.
load style
set output picture
set title "Two threads, one key\n{/*0.85 Weir finds the key and asks three limits; the others ask one bucket}"
set xlabel 'million decisions a second'
set datafile separator tab
unset grid
set grid xtics linecolor rgb '#dddddd' linetype 1
set border 1 linecolor rgb '#555555'
set xrange [0:*]
set yrange [-0.6:*]
set offsets 0, graph 0.1, 0.1, 0
set ytics scale 0
set style fill solid noborder
unset key
data = folder.'/hot_key.tsv'
plot data using ($2/2):0:($2/2):(0.33):3:ytic(1) with boxxyerror linecolor rgb variable, \
    data using 2:0:(sprintf('%.1f', $2)) with labels left offset 0.7,0 textcolor rgb '#333333'
