#!/usr/bin/env python3
"""The least that each of 500 random days could cost, by HiGHS (mixed-integer where prices are negative or inverted).

    python3 -m venv v && v/bin/pip install numpy scipy
    v/bin/python plugins/linear/tests/optimum.py > plugins/linear/tests/optimum.csv

`tests/optimum.rs` makes the same problems from the same seeds: SplitMix64 and nothing but + - * / and comparisons, so
that every bit is the same. Even seeds have one battery, odd ones two.
"""
import sys, time
import numpy as np
import scipy.sparse as sp
from scipy.optimize import milp, LinearConstraint, Bounds

N, H, MASK, BIG = 192, 0.25, (1 << 64) - 1, 60.0


class Random:
    def __init__(self, seed):
        self.state = seed

    def unit(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        z ^= z >> 31
        return (z >> 11) / (1 << 53)

    def within(self, low, high):
        return low + (high - low) * self.unit()


def problem(seed):
    r = Random(seed)
    batteries = []
    for _ in range(1 + seed % 2):
        capacity = r.within(1.0, 12.0)
        floor = capacity * r.within(0.05, 0.15)
        batteries.append(dict(floor=floor, ceiling=capacity, stored=r.within(floor, capacity), charge=capacity * r.within(0.2, 0.6),
                              discharge=capacity * r.within(0.2, 0.6), eff_c=r.within(0.88, 0.98), eff_d=r.within(0.88, 0.98),
                              wear=r.within(0.0, 0.03)))
    slots = []
    spot_linked = seed % 5 == 0
    negative = seed % 3 == 0
    sun = r.within(0.5, 6.0)
    price, cloud = 0.0, 0.0
    for t in range(N):
        if t % 4 == 0:
            hour = (t // 4) % 24
            base = 0.32 if 7 <= hour < 10 else 0.38 if 17 <= hour < 21 else 0.22
            price = base + r.within(-0.05, 0.05)
            if negative and 11 <= hour < 15:
                price = r.within(-0.12, 0.05)
            cloud = r.within(0.2, 1.0)
        export = price - 0.12 if spot_linked else 0.08
        hour = (t % 96) / 4
        up = (hour - 6.0) * (20.0 - hour) / 49.0
        solar = sun * up * cloud if up > 0.0 else 0.0
        load = r.within(0.1, 0.6)
        if r.unit() < 0.15:
            load = load + r.within(0.5, 3.0)
        slots.append((price, export, load, solar))
    # An export limit goes with prices above zero: curtailing is forced, never chosen.
    export_limit = 0.8 if seed % 4 == 1 and not spot_linked and not negative else BIG
    import_limit = 4.0 if seed % 7 == 0 else BIG
    mean = sum(s[0] for s in slots) / N
    return batteries, slots, import_limit, export_limit, mean


def solve(seed):
    batteries, slots, import_limit, export_limit, mean = problem(seed)
    # A slot's variables: import, import beyond the limit, export, curtailed, then of each battery: charge, discharge, energy.
    k = 4 + 3 * len(batteries)
    at = lambda t, v: t * k + v
    cost, low, high = np.zeros(N * k), np.zeros(N * k), np.full(N * k, BIG)
    rows, cols, vals, rhs = [], [], [], []
    row = 0

    def put(r, c, v):
        rows.append(r); cols.append(c); vals.append(v)

    choices = []
    for t, (price, export, load, solar) in enumerate(slots):
        cost[at(t, 0)], cost[at(t, 1)], cost[at(t, 2)] = price * H, (price + 20.0) * H, -export * H
        high[at(t, 0)], high[at(t, 2)], high[at(t, 3)] = import_limit, export_limit, solar
        for v, sign in ((0, 1), (1, 1), (2, -1), (3, -1)):
            put(row, at(t, v), sign)
        for b, battery in enumerate(batteries):
            put(row, at(t, 4 + 3 * b), -1); put(row, at(t, 5 + 3 * b), 1)
        rhs.append(load - solar)
        row += 1
        for b, battery in enumerate(batteries):
            c, d, e = (at(t, 4 + 3 * b + i) for i in range(3))
            high[c], high[d] = battery['charge'], battery['discharge']
            low[e], high[e] = battery['floor'], battery['ceiling']
            cost[c], cost[d] = 1e-5 * H, (battery['wear'] + 1e-5) * H
            put(row, e, 1); put(row, c, -battery['eff_c'] * H); put(row, d, H / battery['eff_d'])
            if t:
                put(row, at(t - 1, 6 + 3 * b), -1)
            rhs.append(0.0 if t else battery['stored'])
            row += 1
            if t == N - 1:
                cost[e] = -mean * battery['eff_d']
        if price < 0 or export < 0 or export > price:
            choices += [(at(t, 4 + 3 * b), at(t, 5 + 3 * b), battery['charge'], battery['discharge']) for b, battery in enumerate(batteries)]
            choices.append((at(t, 0), at(t, 2), BIG, BIG))
            # Curtailing is for what the limit does not let through, and not for prices that one does not like.
            if export_limit == BIG:
                high[at(t, 3)] = 0.0
    m, n = len(choices), N * k
    equal = sp.csc_matrix((vals, (rows, cols)), shape=(row, n + m))
    constraints = [LinearConstraint(equal, rhs, rhs)]
    if m:
        r2, c2, v2, upper = [], [], [], []
        for i, (a, b, most_a, most_b) in enumerate(choices):     # a <= most_a * z, b <= most_b * (1 - z)
            r2 += [2 * i, 2 * i, 2 * i + 1, 2 * i + 1]; c2 += [a, n + i, b, n + i]; v2 += [1, -most_a, 1, most_b]
            upper += [0.0, most_b]
        constraints.append(LinearConstraint(sp.csc_matrix((v2, (r2, c2)), shape=(2 * m, n + m)), -np.inf, upper))
    begun = time.perf_counter()
    r = milp(np.r_[cost, np.zeros(m)], constraints=constraints, bounds=Bounds(np.r_[low, np.zeros(m)], np.r_[high, np.ones(m)]),
             integrality=np.r_[np.zeros(n), np.ones(m)], options={'mip_rel_gap': 1e-6, 'time_limit': 60})
    assert r.x is not None, (seed, r.message)
    return r.fun, 1e3 * (time.perf_counter() - begun)


if __name__ == '__main__':
    print('seed,optimum,highs_ms')
    for seed in range(int(sys.argv[1]) if len(sys.argv) > 1 else 500):
        optimum, ms = solve(seed)
        print(f'{seed},{optimum:.9f},{ms:.1f}', flush=True)
