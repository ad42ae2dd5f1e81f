# What the pictures share. Weir is blue, the others are not.
set terminal svg size 820,460 font 'Helvetica,Arial,sans-serif,14' \
    background '#ffffff' dynamic
set border 3 linecolor rgb '#555555'
set grid ytics linecolor rgb '#dddddd' linetype 1
set tics nomirror out textcolor rgb '#333333'
set title font ',16' textcolor rgb '#111111'
set style line 1 linecolor rgb '#0b4f9e' linewidth 2.5 pointtype 7 pointsize 0.7
set style line 2 linecolor rgb '#5b9bd5' linewidth 2.5 pointtype 7 pointsize 0.7
set style line 3 linecolor rgb '#d2691e' linewidth 2 pointtype 5 pointsize 0.6
set style line 4 linecolor rgb '#6b8e23' linewidth 2 pointtype 9 pointsize 0.7
set style line 5 linecolor rgb '#8b4a8b' linewidth 2 pointtype 13 pointsize 0.8
set style line 6 linecolor rgb '#999999' linewidth 1.5 dashtype 2 pointtype 1
set style line 7 linecolor rgb '#9dc3e6' linewidth 2.5 pointtype 7 pointsize 0.7
set key top left reverse Left samplen 2 spacing 1.2
set xlabel textcolor rgb '#333333'
set ylabel textcolor rgb '#333333'
