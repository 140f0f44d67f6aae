"""Writing into a small table and a large one by turns, so that a machine that slows down slows both."""

import statistics
import sys
import urllib.parse

from writers import written

services = []
for path in sys.argv[1:]:
    size, url, *tokens = open(path).read().split()
    services.append((int(size), urllib.parse.urlsplit(url).netloc, tokens))
rates = {size: [] for size, _, _ in services}
for turn in range(13):
    for size, host, tokens in services if turn % 2 else services[::-1]:
        rate = written(host, tokens, 5)
        if turn:
            rates[size].append(rate)
medians = {size: statistics.median(found) for size, found in rates.items()}
print("\n### Writing as the table grows\n")
print("Eight counsellors at once, twelve times five seconds into each, by turns.\n")
print("| reports before | reports a second | least | most | of the smallest |")
print("| ---: | ---: | ---: | ---: | ---: |")
for size, found in rates.items():
    share = medians[size] / medians[services[0][0]]
    print(f"| {size:,} | {medians[size]:.0f} | {min(found):.0f} | {max(found):.0f} | {share:.0%} |")
