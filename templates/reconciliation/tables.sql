-- The small tables that the agreement fills (contract §2). Cycles are numbered from 1, the contract's first; amounts and rates are texts, so that they stay exact.

CREATE TABLE constant (indirect_rate VARCHAR, by_weights BOOLEAN, previous_delivered BOOLEAN, shares HUGEINT);
CREATE TABLE cycle (code VARCHAR, number BIGINT);
CREATE TABLE scope (scope VARCHAR, first BIGINT, last BIGINT);                   -- its first and last cycle
CREATE TABLE member (member VARCHAR, costs BOOLEAN);                             -- costs: its expenditure is cost, not use of support
CREATE TABLE dimension (name VARCHAR, place BIGINT);                             -- in the order of the files' columns
CREATE TABLE dimension_order (indicator VARCHAR, place BIGINT, turn BIGINT);     -- in the order of an indicator's logframe row
CREATE TABLE logframe (cycle BIGINT, indicator VARCHAR, counts VARCHAR);         -- valid in that cycle; counts: '01…', which dimensions it has
CREATE TABLE definition (indicator VARCHAR, measure VARCHAR, value_kind VARCHAR, across_members VARCHAR, across_periods VARCHAR, baseline DOUBLE, target DOUBLE);
                                                                                 -- the row valid in the report's cycle, else the last one before it
CREATE TABLE assignment (place BIGINT, member VARCHAR, indicator VARCHAR, country VARCHAR, first BIGINT, last BIGINT, baseline VARCHAR);
CREATE TABLE budget (heading VARCHAR, amount_eur VARCHAR);                       -- valid in the report's cycle
CREATE TABLE rate (month VARCHAR, currency VARCHAR, rate VARCHAR);
CREATE TABLE previous (heading VARCHAR, cents HUGEINT);                          -- cumulative, as delivered before
