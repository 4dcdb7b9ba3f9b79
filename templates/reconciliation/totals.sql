-- Control totals: what a person can check against the members' files and the printed report. In the order in which they are shown.
CREATE TABLE total AS
WITH to_date AS (SELECT * FROM recomputed_sdg WHERE scope = 'cumulative')
SELECT 1 AS place, 'accepted rows of activities' AS name, CAST(count(*) AS VARCHAR) AS value FROM activity_row
UNION ALL SELECT 2, 'accepted rows of indicators, derived ones included', CAST(count(*) AS VARCHAR) FROM indicator_file
UNION ALL SELECT 3, 'accepted rows of expenditure', CAST(count(*) AS VARCHAR) FROM expenditure_row
UNION ALL SELECT 4, 'rows of expenditure that are costs', CAST(count(*) FILTER (is_cost) AS VARCHAR) FROM line
UNION ALL SELECT 5, 'rows of expenditure that are use of support', CAST(count(*) FILTER (NOT is_cost) AS VARCHAR) FROM line
UNION ALL SELECT 6, 'costs to date, EUR', euros(coalesce(sum(cents), 0)) FROM cost
UNION ALL SELECT 7, 'costs in the reporting period, EUR', euros(coalesce(sum(cents), 0)) FROM cost WHERE cycle_number >= (SELECT first FROM scope WHERE scope = 'reporting')
UNION ALL SELECT 8, 'costs to date under the goals and not attributed, EUR', euros(coalesce(sum(cents), 0)) FROM to_date WHERE kind IN ('goal', 'unattributed')
UNION ALL SELECT 9, 'costs to date not attributed to an SDG, EUR', euros(coalesce(sum(cents), 0)) FROM to_date WHERE kind = 'unattributed'
UNION ALL SELECT 10, 'activities that took place to date', CAST(coalesce(sum(activities_main), 0) AS VARCHAR) FROM to_date WHERE kind = 'total'
UNION ALL SELECT 11, 'participations to date', CAST(coalesce(sum(women + men + other + unknown), 0) AS VARCHAR) FROM to_date WHERE kind = 'total'
UNION ALL SELECT 12, 'contributions to indicators to date', CAST(count(*) AS VARCHAR) FROM contribution WHERE scope = 'cumulative'
UNION ALL SELECT 13, 'figures recomputed for indicators.csv', CAST(count(*) AS VARCHAR) FROM recomputed_indicator
UNION ALL SELECT 14, 'figures recomputed for sdg.csv', CAST(7 * count(*) AS VARCHAR) FROM recomputed_sdg
UNION ALL SELECT 15, 'figures recomputed for finance.csv', CAST(6 * count(*) AS VARCHAR) FROM recomputed_finance;

-- How many figures were compared: those of either side.
CREATE TABLE compared AS
SELECT 1 AS place, 'indicators.csv' AS file, (SELECT count(*) FROM delivered_indicator) + (SELECT count(*) FROM unlike_indicator WHERE delivered IS NULL) AS figures
UNION ALL SELECT 2, 'sdg.csv', 7 * ((SELECT count(*) FROM delivered_sdg_file) + (SELECT count(*) FROM unlike_sdg WHERE delivered IS NULL))
UNION ALL SELECT 3, 'finance.csv', 6 * ((SELECT count(*) FROM delivered_finance_file) + (SELECT count(*) FROM unlike_finance WHERE delivered IS NULL))
UNION ALL SELECT 4, 'expenditure.csv', (SELECT count(*) FROM line);
