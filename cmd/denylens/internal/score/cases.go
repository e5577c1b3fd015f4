package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/denylens/denylens/cmd/denylens/internal/simulate"
)

// trial is one log whose truth is known.
type trial struct {
	group  string // cases of one group share a line of the table
	seed   uint64
	format string // empty = to be guessed
	open   func(ctx context.Context) ([]byte, simulate.Truth, error)
}

// inFormats are the scenarios that are also measured in further formats, in
// which the log says more about why.
var inFormats = map[string][]string{
	"waf-rule":  {"cloudflare"},
	"geo-block": {"cloudflare"},
	"ip-block":  {"cloudflare"},
	"htaccess":  {"vhost_combined"},
	"quiet":     {"cloudflare"},
}

// listCases lists what is to be measured.
func listCases(o options) ([]trial, error) {
	seeds := o.seeds
	if seeds == 0 {
		seeds = 3
		if o.full {
			seeds = 12
		}
	}
	var list []trial
	add := func(group, scenario, format string, requests int) {
		if !strings.Contains(group, o.only) {
			return
		}
		for seed := 1; seed <= seeds; seed++ {
			list = append(list, simulated(group, simulate.Options{Scenario: scenario, Seed: uint64(seed), Format: format, Requests: requests}))
		}
	}
	for _, s := range simulate.Scenarios {
		add(s.Name, s.Name, "combined", o.requests)
		for _, f := range inFormats[s.Name] {
			add(s.Name+" "+f, s.Name, f, o.requests)
		}
		if o.full {
			add(s.Name+" small", s.Name, "combined", 25_000)
			add(s.Name+" large", s.Name, "combined", 1_000_000)
		}
	}
	if o.episodes != "" {
		more, err := episodes(o.episodes, o.only)
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
	}
	return list, nil
}

func simulated(group string, o simulate.Options) trial {
	return trial{group: group, seed: o.Seed, format: o.Format, open: func(ctx context.Context) ([]byte, simulate.Truth, error) {
		var b bytes.Buffer
		b.Grow(32 << 20)
		truth, err := simulate.Run(ctx, o, &b)
		return b.Bytes(), truth, err
	}}
}

// episodes lists the real logs of a folder that have a truth beside them.
func episodes(dir, only string) ([]trial, error) {
	truths, err := filepath.Glob(filepath.Join(dir, "*.truth.json"))
	if err != nil {
		return nil, err
	}
	var list []trial
	for _, path := range truths {
		name := strings.TrimSuffix(filepath.Base(path), ".truth.json")
		if strings.Contains("episode "+name, only) {
			list = append(list, trial{group: "episode " + name, open: func(context.Context) ([]byte, simulate.Truth, error) {
				return readEpisode(path, strings.TrimSuffix(path, ".truth.json")+".log")
			}})
		}
	}
	return list, nil
}

func readEpisode(truthPath, logPath string) ([]byte, simulate.Truth, error) {
	var truth simulate.Truth
	text, err := os.ReadFile(truthPath)
	if err != nil {
		return nil, truth, err
	}
	if err := json.Unmarshal(text, &truth); err != nil {
		return nil, truth, fmt.Errorf("read truth %q: %w", truthPath, err)
	}
	if log, err := os.ReadFile(logPath); err == nil {
		return log, truth, nil
	}
	f, err := os.Open(logPath + ".gz")
	if err != nil {
		return nil, truth, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, truth, fmt.Errorf("read %q: %w", logPath+".gz", err)
	}
	log, err := io.ReadAll(z)
	return log, truth, err
}
