package main

import "github.com/denylens/denylens/geo"

// places are the geo data that are built in.
func places() (*geo.DB, *geo.Crawlers) { return geo.Embedded(), geo.KnownCrawlers() }
