"""An independent reckoning of contract sections 3 to 6, for comparison with the program's figures.

`plain` says what a world is (an agreement and its members' files, as texts), `cells` reads cells, `judging` says which file counts, which rows are
used and what is derived, `reckoning` makes of them the rows of indicators.csv, sdg.csv and finance.csv with the rows each is made of. All four are
plain Python with exact fractions, were written from the contract's words and know nothing of the program.

`worlds` makes random worlds and writes their files; `comparing` runs the program on a world and lists every cell in which it differs."""
