/** Formulas of volume I, mechanics, radiation and heat: id | name | output: unit | formula | variable: unit, low to high; ... */
export const VOLUME_1 = `
I.6.2a | standard normal density | f: 1 | exp(-theta^2/2)/sqrt(2*pi) | theta: 1, 1 to 3
I.6.2 | normal density | f: 1/m | exp(-(theta/sigma)^2/2)/(sqrt(2*pi)*sigma) | sigma: m, 1 to 3; theta: m, 1 to 3
I.6.2b | normal density about a mean | f: 1/m | exp(-((theta-theta1)/sigma)^2/2)/(sqrt(2*pi)*sigma) | sigma: m, 1 to 3; theta: m, 1 to 3; theta1: m, 1 to 3
I.8.14 | distance of two points in the plane | d: m | sqrt((x2-x1)^2+(y2-y1)^2) | x1: m, 1 to 5; x2: m, 1 to 5; y1: m, 1 to 5; y2: m, 1 to 5
I.9.18 | gravitational attraction | F: N | G*m1*m2/((x2-x1)^2+(y2-y1)^2+(z2-z1)^2) | m1: kg, 1 to 2; m2: kg, 1 to 2; G: N m^2/kg^2, 1 to 2; x1: m, 3 to 4; x2: m, 1 to 2; y1: m, 3 to 4; y2: m, 1 to 2; z1: m, 3 to 4; z2: m, 1 to 2
I.10.7 | relativistic mass | m: kg | m_0/sqrt(1-v^2/c^2) | m_0: kg, 1 to 5; v: m/s, 1 to 2; c: m/s, 3 to 10
I.11.19 | scalar product, as work | A: J | x1*y1+x2*y2+x3*y3 | x1: N, 1 to 5; x2: N, 1 to 5; x3: N, 1 to 5; y1: m, 1 to 5; y2: m, 1 to 5; y3: m, 1 to 5
I.12.1 | friction | F: N | mu*Nn | mu: 1, 1 to 5; Nn: N, 1 to 5
I.12.2 | Coulomb force | F: N | q1*q2*r/(4*pi*epsilon*r^3) | q1: C, 1 to 5; q2: C, 1 to 5; epsilon: F/m, 1 to 5; r: m, 1 to 5
I.12.4 | field of a point charge | Ef: V/m | q1*r/(4*pi*epsilon*r^3) | q1: C, 1 to 5; epsilon: F/m, 1 to 5; r: m, 1 to 5
I.12.5 | force on a charge in a field | F: N | q2*Ef | q2: C, 1 to 5; Ef: V/m, 1 to 5
I.12.11 | Lorentz force | F: N | q*(Ef+B*v*sin(theta)) | q: C, 1 to 5; Ef: V/m, 1 to 5; B: T, 1 to 5; v: m/s, 1 to 5; theta: 1, 1 to 5
I.13.4 | kinetic energy in three dimensions | K: J | 1/2*m*(v^2+u^2+w^2) | m: kg, 1 to 5; v: m/s, 1 to 5; u: m/s, 1 to 5; w: m/s, 1 to 5
I.13.12 | work against gravitation | U: J | G*m1*m2*(1/r2-1/r1) | m1: kg, 1 to 5; m2: kg, 1 to 5; r1: m, 1 to 5; r2: m, 1 to 5; G: N m^2/kg^2, 1 to 5
I.14.3 | potential energy in a uniform field | U: J | m*g*z | m: kg, 1 to 5; g: m/s^2, 1 to 5; z: m, 1 to 5
I.14.4 | energy of a spring | U: J | 1/2*k_spring*x^2 | k_spring: N/m, 1 to 5; x: m, 1 to 5
I.15.3x | Lorentz transformation of position | x1: m | (x-u*t)/sqrt(1-u^2/c^2) | x: m, 5 to 10; u: m/s, 1 to 2; c: m/s, 3 to 20; t: s, 1 to 2
I.15.3t | Lorentz transformation of time | t1: s | (t-u*x/c^2)/sqrt(1-u^2/c^2) | x: m, 1 to 5; c: m/s, 3 to 10; u: m/s, 1 to 2; t: s, 1 to 5
I.15.1 | relativistic momentum | p: kg m/s | m_0*v/sqrt(1-v^2/c^2) | m_0: kg, 1 to 5; v: m/s, 1 to 2; c: m/s, 3 to 10
I.16.6 | relativistic addition of velocities | v1: m/s | (u+v)/(1+u*v/c^2) | c: m/s, 1 to 5; v: m/s, 1 to 5; u: m/s, 1 to 5
I.18.4 | centre of mass | r: m | (m1*r1+m2*r2)/(m1+m2) | m1: kg, 1 to 5; m2: kg, 1 to 5; r1: m, 1 to 5; r2: m, 1 to 5
I.18.12 | torque | tau: N m | r*F*sin(theta) | r: m, 1 to 5; F: N, 1 to 5; theta: 1, 0 to 5
I.18.14 | angular momentum | L: kg m^2/s | m*r*v*sin(theta) | m: kg, 1 to 5; r: m, 1 to 5; v: m/s, 1 to 5; theta: 1, 1 to 5
I.24.6 | mean energy of a driven oscillator | E_n: J | 1/2*m*(omega^2+omega_0^2)*1/2*x^2 | m: kg, 1 to 3; omega: 1/s, 1 to 3; omega_0: 1/s, 1 to 3; x: m, 1 to 3
I.25.13 | voltage of a capacitor | Volt: V | q/C | q: C, 1 to 5; C: F, 1 to 5
I.26.2 | Snell's law | theta1: 1 | arcsin(n*sin(theta2)) | n: 1, 0 to 1; theta2: 1, 1 to 5
I.27.6 | focal length of a refracting surface | foc: m | 1/(1/d1+n/d2) | d1: m, 1 to 5; d2: m, 1 to 5; n: 1, 1 to 5
I.29.4 | wave number of light | k: 1/m | omega/c | omega: 1/s, 1 to 10; c: m/s, 1 to 10
I.29.16 | sum of two waves | x: m | sqrt(x1^2+x2^2-2*x1*x2*cos(theta1-theta2)) | x1: m, 1 to 5; x2: m, 1 to 5; theta1: 1, 1 to 5; theta2: 1, 1 to 5
I.30.3 | intensity behind a grating | Int: W/m^2 | Int_0*sin(n*theta/2)^2/sin(theta/2)^2 | Int_0: W/m^2, 1 to 5; theta: 1, 1 to 5; n: 1, 1 to 5
I.30.5 | angle of a grating's first maximum | theta: 1 | arcsin(lambd/(n*d)) | lambd: m, 1 to 2; d: m, 2 to 5; n: 1, 1 to 5
I.32.5 | power radiated by an accelerated charge | Pwr: W | q^2*a^2/(6*pi*epsilon*c^3) | q: C, 1 to 5; a: m/s^2, 1 to 5; epsilon: F/m, 1 to 5; c: m/s, 1 to 5
I.32.17 | power scattered by an oscillator | Pwr: W | (1/2*epsilon*c*Ef^2)*(8*pi*r^2/3)*(omega^4/(omega^2-omega_0^2)^2) | epsilon: F/m, 1 to 2; c: m/s, 1 to 2; Ef: V/m, 1 to 2; r: m, 1 to 2; omega: 1/s, 1 to 2; omega_0: 1/s, 3 to 5
I.34.8 | cyclotron frequency | omega: 1/s | q*v*B/p | q: C, 1 to 5; v: m/s, 1 to 5; B: T, 1 to 5; p: kg m/s, 1 to 5
I.34.1 | Doppler shift, not relativistic | omega: 1/s | omega_0/(1-v/c) | c: m/s, 3 to 10; v: m/s, 1 to 2; omega_0: 1/s, 1 to 5
I.34.14 | relativistic Doppler shift | omega: 1/s | (1+v/c)/sqrt(1-v^2/c^2)*omega_0 | c: m/s, 3 to 10; v: m/s, 1 to 2; omega_0: 1/s, 1 to 5
I.34.27 | energy of a photon | E_n: J | (h/(2*pi))*omega | omega: 1/s, 1 to 5; h: J s, 1 to 5
I.37.4 | interference of two sources | Int: W/m^2 | I1+I2+2*sqrt(I1*I2)*cos(delta) | I1: W/m^2, 1 to 5; I2: W/m^2, 1 to 5; delta: 1, 1 to 5
I.38.12 | Bohr radius | r: m | 4*pi*epsilon*(h/(2*pi))^2/(m*q^2) | m: kg, 1 to 5; q: C, 1 to 5; h: J s, 1 to 5; epsilon: F/m, 1 to 5
I.39.1 | internal energy of a monatomic gas | E_n: J | 3/2*pr*V | pr: Pa, 1 to 5; V: m^3, 1 to 5
I.39.11 | internal energy of a gas | E_n: J | 1/(gamma-1)*pr*V | gamma: 1, 2 to 5; pr: Pa, 1 to 5; V: m^3, 1 to 5
I.39.22 | ideal gas law | pr: Pa | n*kb*T/V | n: 1, 1 to 5; T: K, 1 to 5; V: m^3, 1 to 5; kb: J/K, 1 to 5
I.40.1 | barometric density | n: 1/m^3 | n_0*exp(-m*g*x/(kb*T)) | n_0: 1/m^3, 1 to 5; m: kg, 1 to 5; x: m, 1 to 5; T: K, 1 to 5; g: m/s^2, 1 to 5; kb: J/K, 1 to 5
I.41.16 | Planck's law | L_rad: J/m^2 | h/(2*pi)*omega^3/(pi^2*c^2*(exp((h/(2*pi))*omega/(kb*T))-1)) | omega: 1/s, 1 to 5; T: K, 1 to 5; h: J s, 1 to 5; kb: J/K, 1 to 5; c: m/s, 1 to 5
I.43.16 | drift velocity | v: m/s | mu_drift*q*Volt/d | mu_drift: s/kg, 1 to 5; q: C, 1 to 5; Volt: V, 1 to 5; d: m, 1 to 5
I.43.31 | Einstein's relation of diffusion | D: m^2/s | mob*kb*T | mob: s/kg, 1 to 5; T: K, 1 to 5; kb: J/K, 1 to 5
I.43.43 | thermal conductivity of a gas | kappa: W/m K | 1/(gamma-1)*kb*v/A | gamma: 1, 2 to 5; kb: J/K, 1 to 5; A: m^2, 1 to 5; v: m/s, 1 to 5
I.44.4 | work of isothermal expansion | E_n: J | n*kb*T*ln(V2/V1) | n: 1, 1 to 5; kb: J/K, 1 to 5; T: K, 1 to 5; V1: m^3, 1 to 5; V2: m^3, 1 to 5
I.47.23 | speed of sound | c: m/s | sqrt(gamma*pr/rho) | gamma: 1, 1 to 5; pr: Pa, 1 to 5; rho: kg/m^3, 1 to 5
I.48.2 | relativistic energy | E_n: J | m*c^2/sqrt(1-v^2/c^2) | m: kg, 1 to 5; v: m/s, 1 to 2; c: m/s, 3 to 10
I.50.26 | response that is not linear | x: m | x1*(cos(omega*t)+alpha*cos(omega*t)^2) | x1: m, 1 to 3; omega: 1/s, 1 to 3; t: s, 1 to 3; alpha: 1, 1 to 3
`;
