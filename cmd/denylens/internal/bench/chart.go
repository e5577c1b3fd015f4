package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
)

// The chart's plot, in pixels.
const (
	chartWidth, chartHeight           = 720, 340
	plotLeft, plotRight, plotTop      = 90, 630, 60
	plotBottom, plotTicks, dotSize    = 280, 4, 4
	rateColour, memoryColour, inkGrey = "#0b62a4", "#b5520b", "#555"
)

// chart draws lines a second and peak memory of scans of logs of growing size.
func chart(works []*work) string {
	var sizes []*work
	for _, name := range []string{smallScan, partScan, quarterScan, wholeScan} {
		for _, w := range works {
			if w.name == name {
				sizes = append(sizes, w)
			}
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="lines a second and peak memory against the size of the log" font-family="sans-serif" font-size="13" fill="%s">`+"\n", chartWidth, chartHeight, inkGrey)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", chartWidth, chartHeight)
	x := func(w *work) float64 {
		lo, hi := math.Log(float64(sizes[0].in.Lines)), math.Log(float64(sizes[len(sizes)-1].in.Lines))
		return plotLeft + (plotRight-plotLeft)*(math.Log(float64(w.in.Lines))-lo)/max(hi-lo, 1)
	}
	rate := func(w *work) float64 { return float64(w.in.Lines) / median(w.seconds) }
	memory := func(w *work) float64 {
		var all []float64
		for r := range w.rss {
			all = append(all, peakMiB(w, r))
		}
		return median(all)
	}
	curve(&b, sizes, x, rate, "lines a second", rateColour, plotLeft, "end")
	curve(&b, sizes, x, memory, "peak memory, MiB", memoryColour, plotRight, "start")
	for _, w := range sizes {
		fmt.Fprintf(&b, `<text x="%.0f" y="%d" text-anchor="middle">%s</text>`+"\n", x(w), plotBottom+22, short(float64(w.in.Lines)))
	}
	fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle">lines of the log</text>`+"\n</svg>\n", (plotLeft+plotRight)/2, plotBottom+46)
	return b.String()
}

// curve draws one figure with an axis of its own at x = side.
func curve(b *strings.Builder, sizes []*work, x, y func(*work) float64, title, colour string, side int, anchor string) {
	top := 0.0
	for _, w := range sizes {
		top = max(top, y(w))
	}
	unit := math.Pow(10, math.Floor(math.Log10(top/plotTicks)))
	for _, k := range []float64{1, 2, 2.5, 5, 10} {
		if step := k * unit; step*plotTicks >= top {
			unit = step
			break
		}
	}
	at := func(v float64) float64 { return plotBottom - (plotBottom-plotTop)*v/(unit*plotTicks) }
	away := map[string]int{"end": -8, "start": 8}[anchor]
	for i := range plotTicks + 1 {
		v := unit * float64(i)
		if anchor == "end" {
			fmt.Fprintf(b, `<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="#ddd"/>`+"\n", plotLeft, plotRight, at(v), at(v))
		}
		fmt.Fprintf(b, `<text x="%d" y="%.1f" text-anchor="%s" fill="%s">%s</text>`+"\n", side+away, at(v)+4, anchor, colour, short(v))
	}
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="middle" fill="%s" font-weight="bold">%s</text>`+"\n", side, plotTop-24, colour, title)
	var points []string
	for _, w := range sizes {
		points = append(points, fmt.Sprintf("%.1f,%.1f", x(w), at(y(w))))
		fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="%d" fill="%s"/>`+"\n", x(w), at(y(w)), dotSize, colour)
	}
	fmt.Fprintf(b, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n", strings.Join(points, " "), colour)
}

// short writes a number as people read it.
func short(v float64) string {
	switch {
	case v >= 1e6:
		return fmt.Sprintf("%.3g M", v/1e6)
	case v >= 1e4:
		return fmt.Sprintf("%.3g k", v/1e3)
	}
	return fmt.Sprintf("%.3g", v)
}

func saveChart(dir string, works []*work) error {
	return os.WriteFile(filepath.Join(dir, "chart.svg"), []byte(chart(works)), 0o644)
}
