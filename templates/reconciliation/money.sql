-- Contract §5, Money: every accepted line in EUR cents, and the table of headings.

-- "Each line becomes EUR at the rate of its payment month, rounded half away from zero to the cent." Rates are units of the currency for 1 EUR,
-- so EUR itself has the rate 1. A line without a rate, or too long to reckon, has no cents and is listed.
CREATE TABLE line AS
WITH priced AS (
    SELECT e.*, c.number AS cycle_number, coalesce(m.costs, false) AS is_cost,
           CASE WHEN e.currency = 'EUR' THEN '1' ELSE r.rate END AS rate_used,
           whole(e.amount, places_of(e.amount)) AS amount_units, whole(rate_used, places_of(rate_used)) AS rate_units
    FROM expenditure_row e JOIN cycle c ON c.code = e.cycle
    LEFT JOIN rate r ON r.month = left(e.payment_date, 7) AND r.currency = e.currency
    LEFT JOIN member m ON m.member = e.member
), converted AS (
    SELECT *, TRY(rounded(amount_units * ten_to(places_of(rate_used)) * 100, rate_units * ten_to(places_of(amount)))) AS cents_found
    FROM priced
)
SELECT place, member, submission, sheet_row, cycle_number, heading, activity, is_cost, rate, rate_used, amount_eur, cost,
       CASE WHEN abs(cents_found) < ten_to(18) THEN cents_found END AS cents
FROM converted;

-- "Costs are the rows of coordinator, beneficiary and affiliated-entity members"; those of the others are use of support, in no total.
CREATE TABLE cost AS SELECT * FROM line WHERE is_cost AND cents IS NOT NULL;

-- Headings 1 to 6 and 10: a line such as 1.1.2 counts in its heading (§2).
CREATE TABLE own_heading AS
SELECT heading, coalesce(budget, 0) AS budget, coalesce(previous, 0) AS previous, coalesce(cumulative, 0) AS cumulative
FROM (SELECT unnest(['1', '2', '3', '4', '5', '6', '10']) AS heading)
LEFT JOIN (SELECT split_part(heading, '.', 1) AS heading, sum(rounded(whole(amount_eur, 12), ten_to(10))) AS budget FROM budget GROUP BY ALL) USING (heading)
LEFT JOIN (
    SELECT split_part(heading, '.', 1) AS heading, sum(cents) AS cumulative,
           sum(cents) FILTER (cycle_number < (SELECT first FROM scope WHERE scope = 'reporting')) AS previous
    FROM cost GROUP BY ALL) USING (heading);

-- "Heading 7 = 1..6, 8 = indirect_rate of 7 (rounded likewise), 9 = 7 + 8, 11 = 9 + 10, in every column".
CREATE TABLE heading_total AS
WITH direct AS (
    SELECT CAST('7' AS VARCHAR) AS heading, sum(budget) AS budget, sum(previous) AS previous, sum(cumulative) AS cumulative FROM own_heading WHERE heading <> '10'
), indirect AS (
    SELECT '8' AS heading, rounded(budget * percent, hundred) AS budget, rounded(previous * percent, hundred) AS previous, rounded(cumulative * percent, hundred) AS cumulative
    FROM direct, (SELECT whole(indirect_rate, places_of(indirect_rate)) AS percent, 100 * ten_to(places_of(indirect_rate)) AS hundred FROM constant)
), eligible AS (
    SELECT '9' AS heading, sum(budget) AS budget, sum(previous) AS previous, sum(cumulative) AS cumulative
    FROM (FROM direct UNION ALL FROM indirect)
)
FROM own_heading UNION ALL FROM direct UNION ALL FROM indirect UNION ALL FROM eligible
UNION ALL
SELECT '11', sum(budget), sum(previous), sum(cumulative) FROM (FROM eligible UNION ALL FROM own_heading WHERE heading = '10');

-- "previous is what the latest delivered report … gave as cumulative, or, where none was delivered, the recomputed figure;
-- period = cumulative − previous … Variation = cumulative − budget"; the share is empty for a budget of 0.
CREATE TABLE recomputed_finance AS
SELECT h.heading, h.budget, h.cumulative - before AS period, before AS previous, h.cumulative, h.cumulative - h.budget AS variation,
       100 * (h.cumulative - h.budget) / nullif(h.budget, 0) AS variation_pct
FROM (SELECT h.*, CASE WHEN (SELECT previous_delivered FROM constant) THEN coalesce(p.cents, 0) ELSE h.previous END AS before
      FROM heading_total h LEFT JOIN previous p USING (heading)) h;
