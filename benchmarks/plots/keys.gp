# Time of a decision by number of keys: folder/keys.*.tsv, each `keys ns`, of
# which any may be empty.
load style
set output picture
set title "One decision, one thread, keys drawn at random\n{/*0.85 Weir asks two throttles and a quota; the others ask one bucket}"
set xlabel 'keys'
set ylabel 'nanoseconds'
set logscale xy
set xtics ('1,000' 1e3, '10,000' 1e4, '100,000' 1e5, '1 million' 1e6, '10 million' 1e7)
set ytics (10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
set xrange [700:*]
set autoscale xfixmax
set offsets 0, graph 0.04, 0, 0
set rmargin at screen 0.72
set key at screen 0.73, 0.75 left top samplen 2.5 spacing 1.6 width -8 textcolor rgb '#333333'
file(name) = folder.'/keys.'.name.'.tsv'
present(name) = int(system('test -s '.file(name).' && echo 1 || echo 0'))
names = 'own_clock callers_now batch floor mutex_map sharded_map fixed_map'
caption(name) = \
    name eq 'own_clock' ? 'Weir, own clock' : \
    name eq 'callers_now' ? 'Weir, caller''s time' : \
    name eq 'batch' ? 'Weir, a batch of 16' : \
    name eq 'fixed_map' ? 'fixed map (Envoy)' : \
    name eq 'sharded_map' ? 'sharded map (governor)' : \
    name eq 'mutex_map' ? 'map under a mutex' : \
    'hash, hit, three CASes'
style_of(name) = name eq 'own_clock' ? 1 : name eq 'callers_now' ? 2 : \
    name eq 'batch' ? 7 : name eq 'fixed_map' ? 3 : \
    name eq 'sharded_map' ? 4 : name eq 'mutex_map' ? 5 : 6
shown = ''
do for [name in names] { if (present(name)) { shown = shown.' '.name } }
plot for [name in shown] file(name) using 1:2 with linespoints \
    linestyle style_of(name) title caption(name)
