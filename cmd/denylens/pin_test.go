package main

import (
	_ "gonum.org/v1/gonum/stat/distuv" // kept in go.mod until detect uses it
)
