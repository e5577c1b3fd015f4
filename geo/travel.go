package geo

import "strings"

// zones are parts of the world, by ISO 3166 codes. Countries that reach into
// several, or whose islands lie elsewhere, are in none.
var zones = [...]string{
	northAmerica: "US CA MX PM BM GT BZ HN SV NI CR PA CU JM HT DO PR BS KY TC VG VI AI KN AG MS GP DM MQ LC VC BB GD TT AW CW SX BQ MF BL",
	southAmerica: "CO VE GY SR GF EC PE BR BO PY CL AR UY FK",
	europe:       "AL AD AT BY BE BA BG HR CZ DK EE FO FI FR DE GI GR GG HU IS IE IM IT JE XK LV LI LT LU MK MT MD MC ME NL NO PL PT RO SM RS SK SI ES SE CH UA GB VA AX",
	nearEast:     "MA DZ TN LY EG TR CY SY LB IL PS JO IQ IR SA KW BH QA AE OM YE GE AM AZ",
	africa:       "MR ML NE TD SD SS SN GM GW GN SL LR CI BF GH TG BJ NG CM CF GQ GA CG CD AO ER ET DJ SO KE UG RW BI TZ MZ MW ZM ZW BW NA ZA SZ LS MG KM MU SC CV ST",
	southAsia:    "KZ UZ TM KG TJ AF PK IN NP BT BD LK MV",
	eastAsia:     "CN MN KP KR JP TW HK MO VN LA KH TH MM MY SG BN PH ID TL",
	oceania:      "AU NZ PG SB VU NC FJ WS TO KI TV NR FM MH PW MP GU PF CK NU WF TK PN AS",
}

const (
	northAmerica = 1 + iota
	southAmerica
	europe
	nearEast
	africa
	southAsia
	eastAsia
	oceania
)

// flight is the way between the nearest places of two zones in hours at 900 km/h,
// rounded down, as read off a globe; one hour and less are none.
var flight = [len(zones)][len(zones)]uint8{
	northAmerica: {europe: 3, nearEast: 4, africa: 4, southAsia: 6, eastAsia: 4, oceania: 2},
	southAmerica: {europe: 5, nearEast: 5, africa: 3, southAsia: 11, eastAsia: 14, oceania: 2},
	europe:       {eastAsia: 3, oceania: 11},
	nearEast:     {oceania: 7},
	africa:       {southAsia: 2, eastAsia: 5, oceania: 6},
	southAsia:    {oceania: 5},
}

var zoneOf = func() (of [26 * 26]uint8) {
	for zone, list := range zones {
		for _, code := range strings.Fields(list) {
			of[place([2]byte{code[0], code[1]})] = uint8(zone)
		}
	}
	return of
}()

// place numbers the pairs of capital letters; others are AA, which is no country.
func place(code [2]byte) int {
	if code[0] < 'A' || code[0] > 'Z' || code[1] < 'A' || code[1] > 'Z' {
		return 0
	}
	return int(code[0]-'A')*26 + int(code[1]-'A')
}

// Zone numbers the part of the world that a country lies in; 0 = not known.
func Zone(code [2]byte) uint8 { return zoneOf[place(code)] }

// Zones is one more than the highest number of a zone.
const Zones = len(zones)

// TravelHours is how many hours a traveller needs at least from one zone to
// another by air; 0 if they are near each other, or not known.
func TravelHours(from, to uint8) int { return int(max(flight[from][to], flight[to][from])) }
